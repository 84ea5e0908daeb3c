import { type BareJid, parseBareJid } from './bare-jid.ts'
import { type Contact, type Roster, SUBSCRIPTIONS, type Subscription, sortedGroups } from './contact.ts'
import { parseMembers } from './json-members.ts'
import { printable } from './printable.ts'
import { isXmlText } from './xml-text.ts'

export type RosterResult =
  | { readonly kind: 'valid'; readonly roster: Roster }
  | { readonly kind: 'invalid'; readonly code: 'roster-invalid' | 'roster-too-large'; readonly message: string }

interface Limits {
  readonly maxContacts: number
}

/**
 * The text of the backend's answer: a JSON object keyed by contact JID, `{ "marie@example.com": { "name"?, "groups"?,
 * "subscription"?, "ask"?, "approved"? } }`. `groups` is an array of strings or an object whose keys are the groups.
 * `[]` stands for an empty object (PHP), a null field for an absent one, an empty name for none. One bad contact makes
 * the whole invalid: a roster with a hole would be pushed as a removal. Throws a SyntaxError for what is not JSON.
 */
export function parseRoster(text: string, limits: Limits): RosterResult {
  const members = parseMembers(text)
  const usual = members && readContacts(members.keys, members.values, limits)
  return usual?.kind === 'valid' ? usual : parseAny(JSON.parse(text), limits)
}

/** Whatever is unusual or wrong: a key given twice, say. */
function parseAny(json: unknown, limits: Limits): RosterResult {
  const entries = readObject(json)
  if (entries === undefined) return invalid(`The roster is ${describe(json)}, not an object keyed by contact JID`)
  return readContacts(Object.keys(entries), Object.values(entries), limits)
}

function readContacts(keys: readonly string[], values: readonly unknown[], { maxContacts }: Limits): RosterResult {
  if (keys.length > maxContacts) {
    const message = `The roster has ${keys.length} contacts, more than the ${maxContacts} allowed`
    return { kind: 'invalid', code: 'roster-too-large', message }
  }
  const roster = new Map<BareJid, Contact>()
  for (const [i, key] of keys.entries()) {
    const parsed = parseBareJid(key)
    if (parsed.kind === 'invalid') return invalid(`Contact "${printable(key)}": not a JID: ${parsed.reason}`)
    const contact = readContact(parsed.jid, values[i])
    if (typeof contact === 'string') return invalid(`Contact "${printable(key)}": ${contact}`)
    if (roster.has(parsed.jid)) return invalid(`Contact "${printable(key)}": ${printable(parsed.jid)} is there twice`)
    roster.set(parsed.jid, contact)
  }
  return { kind: 'valid', roster }
}

function invalid(message: string): RosterResult {
  return { kind: 'invalid', code: 'roster-invalid', message }
}

type JsonObject = Readonly<Record<string, unknown>>
const EMPTY: JsonObject = {}

function readObject(json: unknown): JsonObject | undefined {
  if (typeof json !== 'object' || json === null) return undefined
  if (Array.isArray(json)) return json.length === 0 ? EMPTY : undefined
  return json as JsonObject
}

type Draft = { -readonly [Field in keyof Contact]: Contact[Field] }

/** The contact, or what is wrong with it. By hand and not by zod, since this runs for every contact of every fetch. */
function readContact(jid: BareJid, json: unknown): Contact | string {
  const fields = readObject(json)
  if (fields === undefined) return `it is ${describe(json)}, not an object`

  const groups = readGroups(fields.groups)
  if (typeof groups === 'string') return groups
  const subscription = fields.subscription ?? 'both'
  if (!isSubscription(subscription)) {
    return `"subscription" is ${describe(subscription)}, not one of ${SUBSCRIPTIONS.join(', ')}`
  }
  const contact: Draft = { jid, groups, subscription }

  const name = fields.name ?? ''
  if (typeof name !== 'string') return `"name" is ${describe(name)}, not a string`
  if (!isXmlText(name)) return `"name" has a character that XML cannot carry: "${printable(name)}"`
  if (name !== '') contact.name = name

  const ask = fields.ask ?? undefined
  if (ask !== undefined) {
    if (ask !== 'subscribe') return `"ask" is ${describe(ask)}, not "subscribe"`
    contact.ask = ask
  }
  const approved = fields.approved ?? undefined
  if (approved !== undefined) {
    if (typeof approved !== 'boolean') return `"approved" is ${describe(approved)}, not a boolean`
    contact.approved = approved
  }
  return contact
}

const NO_GROUPS: readonly string[] = []

function readGroups(json: unknown): readonly string[] | string {
  if (json === undefined || json === null) return NO_GROUPS
  if (typeof json !== 'object') return `"groups" is ${describe(json)}, not an array or an object`
  const given: readonly unknown[] = Array.isArray(json) ? json : Object.keys(json)
  const groups: string[] = []
  for (const group of given) {
    if (typeof group !== 'string') return `a group is ${describe(group)}, not a string`
    if (!isXmlText(group)) return `a group has a character that XML cannot carry: "${printable(group)}"`
    // A server refuses an empty group (RFC 6121 §2.3.3), and with it the whole contact.
    if (group !== '') groups.push(group)
  }
  return sortedGroups(groups)
}

function isSubscription(value: unknown): value is Subscription {
  return value === 'both' || value === 'none' || value === 'to' || value === 'from'
}

function describe(json: unknown): string {
  if (json === null) return 'null'
  if (Array.isArray(json)) return 'an array'
  if (typeof json === 'object') return 'an object'
  if (typeof json === 'string') return `"${printable(json)}"`
  return printable(String(json))
}
