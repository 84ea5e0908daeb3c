import * as fc from 'fast-check'
import {
  type BareJid,
  type Contact,
  type Domain,
  parseDomain,
  parseUsername,
  type Roster,
  type User,
  type Username,
  userOf,
} from '../src/index.ts'

/** Text of any kind, half surrogate pairs and controls included, and much of what names are made of. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom(..."aZ0.%2eE/@:#?&;=+\\{}!'()*~ÉßΣςſİıﬁＡ％．・日本é\u0301\u0345Å\u212aⅣ٠۰·l"),
    maxLength: 8,
  }),
  // Characters that are allowed only beside certain others, and what changes their neighbours.
  fc.string({ unit: fc.constantFrom(...'lL·=\u0301\u0338\u0375αא\u05F3・ア'), maxLength: 5 }),
)

const nameCharacter = fc.oneof(
  fc.constantFrom(...'abz019.-_~!#$%()*+,;=?[\\]^`{|}'),
  fc.constantFrom('é', 'ß', 'ς', '日', '本', 'ガ', 'ש', 'ع', 'न', '\u{20000}'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
)

export const username: fc.Arbitrary<Username> = fc
  .string({ unit: nameCharacter, minLength: 1, maxLength: 12 })
  .map((text) => parseUsername(text))
  .filter((result) => result.kind === 'valid')
  .map((result) => result.username)

export const domain: fc.Arbitrary<Domain> = fc
  .oneof(fc.domain(), fc.constantFrom('localhost', '192.0.2.1', '[2001:db8::1]', 'bücher.example'))
  .map((text) => parseDomain(text))
  .filter((result) => result.kind === 'valid')
  .map((result) => result.domain)

export const user: fc.Arbitrary<User> = fc.tuple(username, domain).map(([name, host]) => userOf(name, host))

const group = fc.oneof(
  fc.constantFrom('Friends', 'Work', '10', '9', '__proto__', 'constructor', 'a "b" \\ c'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
)

const contactFields = fc.record(
  {
    name: fc.string({ unit: 'grapheme', minLength: 1 }),
    ask: fc.constant('subscribe' as const),
    approved: fc.boolean(),
    groups: fc.uniqueArray(group, { maxLength: 3 }).map((groups) => groups.sort()),
    subscription: fc.constantFrom('none', 'to', 'from', 'both'),
  },
  { requiredKeys: ['groups', 'subscription'] },
)

// Few, so that two rosters have some in common.
const contactJid = fc.constantFrom(
  ...['a@x.example', 'b@x.example', '{\\}@x.example', '日本@x.example', 'gateway.example', '__proto__', '1.2.3.4'],
) as fc.Arbitrary<string> as fc.Arbitrary<BareJid>

const contact: fc.Arbitrary<Contact> = fc.tuple(contactJid, contactFields).map(([jid, fields]) => ({ jid, ...fields }))

export const roster: fc.Arbitrary<Roster> = fc
  .uniqueArray(contact, { selector: ({ jid }) => jid })
  .map((contacts) => new Map(contacts.map((each) => [each.jid, each])))
