import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { anyText } from '../test/arbitraries.ts'
import { forAll } from '../test/for-all.ts'
import { Domain, parseDomain } from './domain.ts'

const longLabel = 'a'.repeat(63)

const valid: [given: string, normal: string][] = [
  ['example.org', 'example.org'],
  ['Example.ORG', 'example.org'],
  ['example.org.', 'example.org'],
  ['localhost', 'localhost'],
  ['xmpp-1.my--app.example', 'xmpp-1.my--app.example'],
  ['my_gateway', 'my_gateway'],
  ['3com.example', '3com.example'],
  ['a.1b', 'a.1b'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['BÜCHER.example', 'xn--bcher-kva.example'],
  ['bu\u0308cher.example', 'xn--bcher-kva.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['XN--BCHER-KVA.example', 'xn--bcher-kva.example'],
  ['faß.example', 'xn--fa-hia.example'],
  ['日本。example。', 'xn--wgv71a.example'],
  ['ｅｘａｍｐｌｅ．org', 'example.org'],
  ['127.0.0.1', '127.0.0.1'],
  ['255.249.199.99', '255.249.199.99'],
  ['[::1]', '[::1]'],
  ['[2001:DB8:0:0::1]', '[2001:db8::1]'],
  [`${longLabel}.example`, `${longLabel}.example`],
]

const invalid: [given: string, reason: RegExp][] = [
  ['', /empty/],
  ['.', /empty/],
  ['a..b', /not a domain/],
  ['.a', /not a domain/],
  ['a..', /not a domain/],
  ['é..b', /not a domain/],
  ['-a.b', /label -a begins or ends with a hyphen/],
  ['a.b-', /label b- begins or ends with a hyphen/],
  [`${longLabel}a.example`, /label .* longer than 63 bytes/],
  [`${'a.'.repeat(512)}b`, /longer than 1023 bytes/],
  [`${'é.'.repeat(400)}b`, /longer than 1023 bytes/],
  [`${'日.'.repeat(255)}b`, /longer than 1023 bytes/],
  ['1', /ends in a number/],
  ['0x7f.1', /ends in a number/],
  ['a.0x1f', /ends in a number/],
  ['127.1', /ends in a number/],
  ['256.0.0.1', /ends in a number/],
  ['01.2.3.4', /ends in a number/],
  ['1.2.3.4.5', /ends in a number/],
  ['１２７.1', /ends in a number/],
  ['a b', /not a domain/],
  ['a%41', /not a domain/],
  ['é%41', /not a domain/],
  ['é％41', /not a domain/],
  ['é/b', /not a domain/],
  ['é／b', /not a domain/],
  ['é:80', /not a domain/],
  ['é?', /not a domain/],
  ['é#', /not a domain/],
  ['é\\b', /not a domain/],
  ['a@b', /not a domain/],
  ['é\t.org', /not a domain/],
  ['é\u00ad.org', /not a domain/],
  ['é\ud800', /not a domain/],
  ['xn--a', /not a domain/],
  ['xn--', /not a domain/],
  ['[::1', /not an IPv6 address/],
  ['[127.0.0.1]', /not an IPv6 address/],
  ['[example.org]', /not an IPv6 address/],
  ['[:::]', /not an IPv6 address/],
  ['[fe80::1%eth0]', /not an IPv6 address/],
  ['[::1]:80', /not an IPv6 address/],
]

describe('a domain', () => {
  test.each(valid)('%j is valid: %j', (given, normal) => {
    expect(parseDomain(given)).toEqual({ kind: 'valid', domain: normal })
    expect(Domain.parse(given)).toBe(normal)
  })

  test.each(invalid)('%j is not valid: %s', (given, reason) => {
    expect(parseDomain(given)).toEqual({ kind: 'invalid', reason: expect.stringMatching(reason) })
    expect(Domain.safeParse(given).success).toBe(false)
  })

  it('stays as it is when it is normalised again, and is ASCII', () => {
    const text = fc.oneof(
      anyText,
      fc.domain(),
      fc.webAuthority(),
      fc.ipV4Extended(),
      fc.ipV6().map((ip) => `[${ip}]`),
    )
    forAll(
      [text],
      (given) => {
        const once = parseDomain(given)
        fc.pre(once.kind === 'valid')
        expect(once.domain).toMatch(/^[a-z0-9_.:[\]-]+$/)
        expect(parseDomain(once.domain)).toEqual(once)
      },
      { numRuns: 2000 },
    )
  })
})
