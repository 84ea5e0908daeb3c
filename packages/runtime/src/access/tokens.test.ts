import { createHash } from 'node:crypto'
import type { Domain } from '@rollcall/roster'
import { describe, expect, test } from 'vitest'
import { parseCredentials } from './credentials.ts'
import { makeToken } from './make-token.ts'
import { TokenEntry } from './token-entry.ts'
import { mayUse, tokenRegistry } from './token-registry.ts'

const example = 'example.org' as Domain
const other = 'other.example' as Domain
const base64 = (text: string) => Buffer.from(text).toString('base64')

const app = makeToken({ name: 'app', rights: ['notify', 'read'], domains: '*' })
const prosody = makeToken({ name: 'prosody', rights: ['read'], domains: [example] })
const registry = tokenRegistry([app.entry, prosody.entry])

describe('makeToken', () => {
  test('a token names its entry and 32 random bytes, the entry does not hold it', () => {
    expect(app.token).toMatch(/^rc_[a-z0-9]{10}_[A-Za-z0-9_-]{43}$/)
    expect(app.token.split('_')[1]).toBe(app.entry.id)
    expect(JSON.stringify(app.entry)).not.toContain(app.token.slice(-43))
  })

  test('the entry is one that the configuration accepts', () => {
    expect(TokenEntry.parse(app.entry)).toEqual(app.entry)
    expect(TokenEntry.parse(prosody.entry)).toEqual(prosody.entry)
  })

  test('no two are alike', () => {
    const tokens = Array.from({ length: 100 }, () => makeToken({ name: 'x', rights: ['read'], domains: '*' }))
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(100)
    expect(new Set(tokens.map(({ entry }) => entry.id)).size).toBe(100)
  })

  test('its SHA-256 is that of the whole token, as sha256sum prints it', () => {
    expect(app.entry.sha256).toBe(createHash('sha256').update(app.token).digest('hex'))
  })
})

describe('parseCredentials', () => {
  test.each<[string, string | null]>([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER   abc ', 'abc'],
    ['Bearer', null],
    ['Bearer ', null],
    ['Bearer a b', null],
    ['Bearer abc, Basic eDph', null],
    ['Bearerabc', null],
    ['Bearer äöü', null],
    ['', null],
    ['abc', null],
    ['Digest username="x"', null],
    ['Negotiate abc', null],
    [`Basic ${base64('x:abc')}`, 'abc'],
    [`basic ${base64(':abc')}`, 'abc'],
    [`Basic ${base64('x:a:b')}`, 'a:b'],
    [`Basic ${base64('x:')}`, null],
    [`Basic ${base64('abc')}`, null],
    ['Basic', null],
    ['Basic ====', null],
    ['Basic !!!', null],
    ['Basic x:abc', null],
    [`Bearer ${'a'.repeat(100_000)}`, null],
    [`Basic ${base64(`x:${'a'.repeat(100_000)}`)}`, null],
    [`Bearer${' '.repeat(100_000)}`, null],
  ])('%.40j', (header, expected) => {
    expect(parseCredentials(header)).toBe(expected)
  })
})

describe('authenticate', () => {
  test('by bearer, and by Basic with any user name', () => {
    expect(registry.authenticate(`Bearer ${app.token}`)).toEqual({ kind: 'ok', token: app.entry })
    expect(registry.authenticate(`Basic ${base64(`x:${prosody.token}`)}`)).toEqual({ kind: 'ok', token: prosody.entry })
  })

  test('without a header it is missing', () => {
    expect(registry.authenticate(undefined)).toEqual({ kind: 'missing' })
  })

  const secret = app.token.slice(-43)
  const changed = `${app.token.slice(0, -1)}${app.token.endsWith('A') ? 'B' : 'A'}`
  test.each([
    ['no token of ours', 'Bearer hunter2'],
    ['a wrong secret', `Bearer ${changed}`],
    ['the secret of another id', `Bearer rc_${prosody.entry.id}_${secret}`],
    ['an unknown id', `Bearer rc_0000000000_${secret}`],
    ['only the secret', `Bearer ${secret}`],
    ['the hash instead of the token', `Bearer ${app.entry.sha256}`],
    ['the hash in the place of the secret', `Bearer rc_${app.entry.id}_${app.entry.sha256}`],
    ['upper case', `Bearer ${app.token.toUpperCase()}`],
    ['something behind it', `Bearer ${app.token}x`],
    ['a name of Object.prototype as id', `Bearer rc_constructor_${secret}`],
  ])('%s is wrong', (_, header) => {
    expect(registry.authenticate(header)).toEqual({ kind: 'wrong' })
  })

  test.each([
    ['an empty header', ''],
    ['another scheme', `Token ${app.token}`],
    ['the token as user name', `Basic ${base64(`${app.token}:`)}`],
    ['a huge header', `Bearer ${app.token}${' '.repeat(50_000)}`],
  ])('%s holds no token: the caller is told how to send one', (_, header) => {
    expect(registry.authenticate(header)).toEqual({ kind: 'missing' })
  })

  test('two tokens of one holder work side by side, and one alone after the other is taken out', () => {
    const next = makeToken({ name: 'app-2', rights: ['notify', 'read'], domains: '*' })
    const both = tokenRegistry([app.entry, next.entry])
    expect(both.authenticate(`Bearer ${app.token}`).kind).toBe('ok')
    expect(both.authenticate(`Bearer ${next.token}`).kind).toBe('ok')
    expect(tokenRegistry([next.entry]).authenticate(`Bearer ${app.token}`).kind).toBe('wrong')
  })
})

describe('mayUse', () => {
  test.each([
    [app.entry, 'notify', other, true],
    [app.entry, 'read', example, true],
    [app.entry, 'operate', example, false],
    [app.entry, 'view', example, false],
    [prosody.entry, 'read', example, true],
    [prosody.entry, 'read', other, false],
    [prosody.entry, 'notify', example, false],
  ] as const)('$0.name $1 on $2', (token, right, domain, expected) => {
    expect(mayUse(token, right, domain)).toBe(expected)
  })
})
