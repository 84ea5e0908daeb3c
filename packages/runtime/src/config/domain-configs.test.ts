import { type Domain, Username, userOf } from '@rollcall/roster'
import { describe, expect, test } from 'vitest'
import { listed, load, ROSTER_URL } from '../../../../test/support/written-config.ts'

const domain = (name: string) => name as Domain

describe('domains', () => {
  const user = userOf(Username.parse('john'), domain('b.example'))

  test('each takes from the common settings what it does not set itself', () => {
    const { domains, defaultDomain } = load({
      env: { HTTP_ROSTER_URL: 'https://x/%d/%s', MAX_CONTACTS: '7', BACKEND_HEADERS: '{"a":"common","b":"common"}' },
      file: {
        defaultDomain: 'B.example',
        domains: { 'a.example': { rosterUrl: 'https://a/%s', maxContacts: 9, headers: { A: 'own' } }, 'b.example': {} },
      },
    })
    expect(defaultDomain).toBe('b.example')
    expect(domains.get(domain('a.example'))).toMatchObject({
      maxContacts: 9,
      headers: { a: 'own' },
      backendTimeoutMs: 10_000,
    })
    expect(domains.get(domain('a.example'))?.headers).not.toHaveProperty('b')
    expect(domains.get(domain('b.example'))).toMatchObject({ maxContacts: 7, headers: { a: 'common', b: 'common' } })
    expect(domains.get(domain('b.example'))?.rosterUrl.urlFor(user)).toBe('https://x/b.example/john')
  })

  test('the only domain of the file is the default one', () => {
    expect(load({ file: { domains: { 'a.example': { rosterUrl: ROSTER_URL } } } }).defaultDomain).toBe('a.example')
  })

  test('names are compared in ASCII form', () => {
    expect(load({ file: { domains: { 'Bücher.example': { rosterUrl: ROSTER_URL } } } }).defaultDomain).toBe(
      'xn--bcher-kva.example',
    )
  })

  test.each([
    [{ domains: {} }, ['domains (rollcall.config.json): no usable domain']],
    [{ domains: [] }, ['domains (rollcall.config.json): a list']],
    [
      { domains: { 'a b': { rosterUrl: ROSTER_URL } } },
      ['domains.a b (rollcall.config.json): not a domain', 'domains (rollcall.config.json): no usable domain'],
    ],
    [{ domains: { 'a.example': 5 } }, ['domains.a.example (rollcall.config.json): 5']],
    [
      { domains: { 'a.example': { rosterUrl: ROSTER_URL }, 'A.example': { rosterUrl: ROSTER_URL } } },
      ['domains.A.example (rollcall.config.json): named twice'],
    ],
    [
      { domains: { 'a.example': {} } },
      ['domains.a.example.rosterUrl (rollcall.config.json): not set, and no HTTP_ROSTER_URL for all domains either'],
    ],
    [
      { domains: { 'a.example': { rosterUrl: ROSTER_URL }, 'b.example': { rosterUrl: ROSTER_URL } } },
      ['defaultDomain (rollcall.config.json): not set, with several domains'],
    ],
    [
      { defaultDomain: 'c.example', domains: { 'a.example': { rosterUrl: ROSTER_URL } } },
      ['defaultDomain (rollcall.config.json): "c.example", which is not among the domains'],
    ],
    [
      { domains: { 'a.example': { rosterUrl: ROSTER_URL, headers: { Host: 'x', 'a b': 'x', c: 'new\nline' } } } },
      ['Host', 'a b', 'c'].map((name) => `domains.a.example.headers.${name} (rollcall.config.json): a text, not shown`),
    ],
    [
      { domains: { 'a.example': { rosterUrl: ROSTER_URL, headers: { Host: 'x', 'a b': 'x', A: '1', a: '2' } } } },
      ['Host', 'a b', 'a'].map((name) => `domains.a.example.headers.${name} (rollcall.config.json): a text, not shown`),
    ],
  ])('%j', (file, expected) => {
    expect(listed({ file })).toEqual(expected)
  })

  test('HTTP_ROSTER_URL that no domain uses is a warning', () => {
    const { warnings } = load({
      env: { HTTP_ROSTER_URL: ROSTER_URL },
      file: { domains: { 'a.example': { rosterUrl: ROSTER_URL } } },
    })
    expect(warnings).toEqual([expect.stringContaining('HTTP_ROSTER_URL (environment) is not used')])
  })
})
