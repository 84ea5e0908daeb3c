import type { Domain } from '@rollcall/roster'
import { describe, expect, test } from 'vitest'
import { domainOfHost } from './domain-of-host.ts'
import { isLoopback } from './loopback.ts'
import { refuseForeign } from './loopback-guard.ts'

const known = { domains: new Set(['example.org']), corsOrigins: ['https://app.example', 'http://localhost:5173'] }
const host = 'localhost:8080'

const refused = (request: { host?: string; origin?: string; site?: string }): string | undefined =>
  refuseForeign({ host: request.host, origin: request.origin, secFetchSite: request.site }, known)?.message

describe('a request without tokens is let through', () => {
  test.each([
    { host: 'localhost' },
    { host: 'localhost:8080' },
    { host: 'LOCALHOST:8080' },
    { host: 'localhost.:8080' },
    { host: '127.0.0.1' },
    { host: '127.0.0.1:8080' },
    { host: '127.255.0.9:1' },
    { host: '[::1]' },
    { host: '[::1]:8080' },
    { host: 'example.org' },
    { host: 'Example.ORG:8080' },
    { host, origin: 'http://localhost:8080' },
    { host, origin: 'http://127.0.0.1:8090' },
    { host, origin: 'https://[::1]:8080' },
    { host, origin: 'http://localhost:8080', site: 'same-origin' },
    { host, site: 'none' },
    { host, origin: 'https://app.example', site: 'cross-site' },
    { host, origin: 'http://localhost:5173', site: 'same-site' },
  ])('%j', (request) => {
    expect(refused(request)).toBeUndefined()
  })
})

describe('a request without tokens is refused', () => {
  test.each([
    {},
    { host: '' },
    { host: 'evil.example' },
    { host: 'evil.example:8080' },
    { host: 'localhost.evil.example' },
    { host: '127.0.0.1.evil.example' },
    { host: '127.0.0.1@evil.example' },
    { host: 'sub.example.org' },
    { host: '128.0.0.1' },
    { host: '127.0.0.256' },
    { host: '127.1' },
    { host: '0.0.0.0' },
    { host: '192.168.1.1:8080' },
    { host: '[::2]' },
    { host: '::1' },
    { host: '[::1' },
    { host: 'localhost:8080:1' },
    { host: 'localhost:' },
    { host: 'localhost:port' },
    { host: 'localhost/' },
    { host: ' localhost' },
    { host: 'localhost, evil.example' },
    { host, origin: 'https://evil.example' },
    { host, origin: 'http://localhost.evil.example' },
    { host, origin: 'null' },
    { host, origin: '' },
    { host, origin: 'file://' },
    { host, origin: 'chrome-extension://abc' },
    { host, origin: 'http://example.org' },
    { host, origin: 'https://app.example:444' },
    { host, site: 'cross-site' },
    { host, site: 'same-site' },
    { host, site: 'sideways' },
    { host, origin: 'http://localhost:3000', site: 'same-site' },
    { host: 'evil.example', origin: 'https://app.example' },
  ])('%j', (request) => {
    expect(refused(request)).toMatch(/^This request is refused because .*npm run token -- --name app/)
  })

  test('and its message repeats nothing of it', () => {
    expect(refused({ host: 'evil.example' })).not.toContain('evil')
  })
})

test.each([
  ['127.0.0.1', true],
  ['127.9.99.255', true],
  ['::1', true],
  ['localhost', true],
  ['127.0.0', false],
  ['1127.0.0.1', false],
  ['0.0.0.0', false],
  ['::', false],
  ['', false],
])('isLoopback(%j) is %s', (name, expected) => {
  expect(isLoopback(name)).toBe(expected)
})

describe('domainOfHost', () => {
  const byDefault = 'localhost' as Domain
  const example = 'example.org' as Domain
  const domains = new Map([[example, { domain: example }]])

  test.each([
    ['example.org', example],
    ['EXAMPLE.org:5280', example],
    ['example.org.', example],
    ['other.example', byDefault],
    ['127.0.0.1:8080', byDefault],
    ['constructor', byDefault],
    ['example.org:x', byDefault],
    ['', byDefault],
    [undefined, byDefault],
  ])('%j is about %s', (header, expected) => {
    expect(domainOfHost(header, domains, byDefault)).toBe(expected)
  })
})
