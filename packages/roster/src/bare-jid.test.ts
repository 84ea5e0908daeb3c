import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { anyText, user } from '../test/arbitraries.ts'
import { forAll } from '../test/for-all.ts'
import { BareJid, bareJid, parseBareJid, splitBareJid } from './bare-jid.ts'
import { parseDomain } from './domain.ts'
import { parseUsername } from './username.ts'

/** RFC 7622 §3.5, table 1; the bare JIDs are ours. */
const conforming: [given: string, bare: string][] = [
  ['juliet@example.com', 'juliet@example.com'],
  ['juliet@example.com/foo', 'juliet@example.com'],
  ['juliet@example.com/foo bar', 'juliet@example.com'],
  ['juliet@example.com/foo@bar', 'juliet@example.com'],
  ['foo\\20bar@example.com', 'foo\\20bar@example.com'],
  ['fussball@example.com', 'fussball@example.com'],
  ['fu\u00DFball@example.com', 'fu\u00DFball@example.com'],
  ['\u03C0@example.com', '\u03C0@example.com'],
  ['\u03A3@example.com/foo', '\u03C3@example.com'],
  ['\u03C3@example.com/foo', '\u03C3@example.com'],
  ['\u03C2@example.com/foo', '\u03C2@example.com'],
  ['king@example.com/\u265A', 'king@example.com'],
  ['example.com', 'example.com'],
  ['example.com/foobar', 'example.com'],
  ['a.example.com/b@example.net', 'a.example.com'],
]

/** RFC 7622 §3.5, table 2, but `juliet@example.com/ foo`, whose fault is in the resource: it is dropped here, unchecked. */
const violating: [given: string, reason: RegExp][] = [
  ['"juliet"@example.com', /in the username, .*U\+0022/],
  ['foo bar@example.com', /in the username, U\+0020/],
  ['@example.com/', /no resource after/],
  ['henry\u2163@example.com', /in the username, .*compatibility character/],
  ['\u265A@example.com', /in the username, .*not allowed/],
  ['juliet@', /domain is empty/],
  ['/foobar', /domain is empty/],
]

const more: [given: string, reason: RegExp][] = [
  ['', /domain is empty/],
  ['@', /domain is empty/],
  ['/', /no resource after/],
  ['@example.com', /in the username, it is empty/],
  ['juliet@example.com/', /no resource after/],
  ['a@b@example.com', /not a domain/],
  ['..@example.com', /dot segment/],
  ['.@example.com', /dot segment/],
  [`${'a'.repeat(1024)}@example.com`, /longer than 1023 bytes/],
]

describe('a bare JID', () => {
  test.each(conforming)('%j conforms: %j', (given, bare) => {
    expect(parseBareJid(given)).toEqual({ kind: 'valid', jid: bare })
    expect(BareJid.parse(given)).toBe(bare)
  })

  test.each([...violating, ...more])('%j violates: %s', (given, reason) => {
    expect(parseBareJid(given)).toEqual({ kind: 'invalid', reason: expect.stringMatching(reason) })
    expect(BareJid.safeParse(given).success).toBe(false)
  })

  it('is normalised in both parts', () => {
    expect(parseBareJid('Juliet@Example.COM./Balcony')).toEqual({ kind: 'valid', jid: 'juliet@example.com' })
  })

  it('drops a resource that is not valid', () => {
    expect(parseBareJid('juliet@example.com/ foo')).toEqual({ kind: 'valid', jid: 'juliet@example.com' })
  })

  it('takes no short cut that its parts would not take', () => {
    const part = fc.string({ unit: fc.constantFrom(...'aX0.-_n%2e'), maxLength: 8 })
    forAll(
      [part, part],
      (local, host) => {
        const [username, domain] = [parseUsername(local), parseDomain(host)]
        const whole = parseBareJid(`${local}@${host}`)
        const both = username.kind === 'valid' && domain.kind === 'valid'
        expect(whole).toEqual(
          both
            ? { kind: 'valid', jid: bareJid(username.username, domain.domain) }
            : { kind: 'invalid', reason: expect.any(String) },
        )
      },
      { numRuns: 3000 },
    )
  })

  it('stays as it is when it is normalised again', () => {
    forAll([anyText], (text) => {
      const once = parseBareJid(text)
      fc.pre(once.kind === 'valid')
      expect(parseBareJid(once.jid)).toEqual(once)
    })
  })

  it('is split into what it was made of', () => {
    forAll([user], ({ username, domain }) => {
      expect(splitBareJid(bareJid(username, domain))).toEqual({ username, domain })
      expect(parseBareJid(bareJid(username, domain))).toEqual({ kind: 'valid', jid: bareJid(username, domain) })
    })
    expect(splitBareJid(BareJid.parse('example.com'))).toEqual({ domain: 'example.com' })
  })
})
