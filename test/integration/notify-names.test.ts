import { describe, expect, test } from 'vitest'
import { rollcallOfFile } from '../support/rollcall.ts'

const { backend, rollcall } = await rollcallOfFile()

interface Listed {
  readonly username: string
  readonly code: string
  readonly message: string
}

const asked = (username: string) => backend.requests.filter((request) => request.username === username)

describe('a name that can be used reaches the backend as that very user, and can be read back', () => {
  test.each<[name: string, encoded: string]>([
    ['john', 'john'],
    ['12345', '12345'],
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
    ['tostring', 'tostring'],
    ['a#b', 'a%23b'],
    ['a?x=1', 'a%3Fx%3D1'],
    ['a;b', 'a%3Bb'],
    ['a%2fb', 'a%252fb'],
    ['a\\b', 'a%5Cb'],
    ['a+b', 'a%2Bb'],
    ['%', '%25'],
    ['%s', '%25s'],
    ['{x}', '%7Bx%7D'],
    ['*', '%2A'],
    ['(it)!s', '%28it%29%21s'],
    ['...', '...'],
    ['日本', '%E6%97%A5%E6%9C%AC'],
    ['𐐨', '%F0%90%90%A8'],
    ['x'.repeat(1023), 'x'.repeat(1023)],
  ])('%s', async (name, encoded) => {
    const contacts = { [`of-${Buffer.from(name).toString('hex').slice(0, 40)}@example.org`]: { name } }
    backend.rosters.set(name, contacts)
    const { status, body } = await rollcall.refresh([name])
    expect({ status, ...body }).toMatchObject({ status: 'ok', updated: 1, errors: 0, failures: [] })
    expect(asked(name).map(({ url }) => url)).toEqual([`/contacts/${encoded}`])

    const read = await rollcall.send(`/contacts/${encodeURIComponent(name)}`)
    expect(read.status).toBe(200)
    expect(read.json()).toMatchObject(contacts)
    const v1 = await rollcall.send(`/v1/rosters/${encodeURIComponent(name)}`)
    expect(v1.json()).toMatchObject({ username: name, contacts: [{ name }] })
  })
})

describe('a name that cannot be used is one entry of the failures', () => {
  test.each<[name: string, username: string, why: RegExp]>([
    ['', 'shown empty', /empty/],
    ['.', '.', /dot segment/],
    ['..', '..', /dot segment/],
    ['%2e', '%2e', /dot segment/],
    ['%2e%2e', '%2e%2e', /dot segment/],
    ['%2E.', '%2E.', /dot segment/],
    ['.%2E', '.%2E', /dot segment/],
    ['a/b', 'a/b', /U\+002F/],
    ['a:b', 'a:b', /U\+003A/],
    ['a"b', 'a"b', /U\+0022/],
    ['a&b', 'a&b', /U\+0026/],
    ["a'b", "a'b", /U\+0027/],
    ['a<b', 'a<b', /U\+003C/],
    ['a>b', 'a>b', /U\+003E/],
    ['@', '@', /empty/],
    ['a@', 'a@', /after the @/],
    ['a@b@c', 'a@b@c', /after the @/],
    ['a b', 'a b', /space/],
    [' a', ' a', /space/],
    ['a\nb', 'a\\u{a}b', /control/],
    ['a\u0000b', 'a\\u{0}b', /control/],
    ['\ud800', '\\u{d800}', /surrogate/],
    ['ﬁ', 'ﬁ', /compatibility/],
    ['x'.repeat(1024), `${'x'.repeat(63)}…`, /1023 bytes/],
    ['é'.repeat(512), `${'é'.repeat(63)}…`, /1023 bytes/],
  ])('%j', async (name, username, why) => {
    const { status, body } = await rollcall.refresh([name])
    expect({ httpStatus: status, ...body }).toEqual({
      httpStatus: 500,
      status: 'error',
      message: expect.stringContaining('failed'),
      updated: 0,
      errors: 1,
      changed: 0,
      refresh: expect.any(String),
      failures: [
        {
          username: username === 'shown empty' ? '' : username,
          code: 'username-invalid',
          message: expect.stringMatching(why),
        },
      ],
    })
  })

  test('of a domain that is not configured', async () => {
    const { status, body } = await rollcall.refresh(['john@elsewhere.example'])
    expect(status).toBe(500)
    expect(body.failures).toEqual([
      { username: 'john@elsewhere.example', code: 'domain-unknown', message: expect.any(String) },
    ])
  })

  test('and does not keep the others from being refreshed', async () => {
    const { status, body } = await rollcall.refresh(['mary', 'a/b', '', 'mark'])
    expect(status).toBe(200)
    expect(body).toMatchObject({ status: 'ok', updated: 2, errors: 2 })
    expect((body.failures as Listed[]).map(({ username }) => username)).toEqual(['a/b', ''])
  })

  test('and reaches no backend', () => {
    for (const { url } of backend.requests) expect(url).toMatch(/^\/contacts\/[^/]+$/)
    expect(asked('')).toEqual([])
  })
})

describe('a user is counted and fetched once, however often and in whatever form the name is given', () => {
  test.each<[what: string, names: readonly string[], user: string]>([
    ['500 copies', Array.from({ length: 500 }, () => 'copied'), 'copied'],
    ['upper and lower case', ['CASED', 'cased', 'Cased'], 'cased'],
    ['composed and decomposed', ['zo\u00eb', 'zoe\u0308'], 'zo\u00eb'],
    ['full width', ['ｗｉｄｅ', 'wide'], 'wide'],
    ['with and without the domain', ['here', 'here@localhost', 'HERE@LocalHost'], 'here'],
  ])('%s', async (_what, names, user) => {
    const { body } = await rollcall.refresh(names)
    expect(body).toMatchObject({ updated: 1, errors: 0 })
    expect(asked(user)).toHaveLength(1)
  })

  test('so is a name that cannot be used', async () => {
    const { body } = await rollcall.refresh(['a/b', 'a/b', 'a/b', 'other'])
    expect(body).toMatchObject({ updated: 1, errors: 1 })
  })
})

test('a summary lists 100 failures and counts them all', async () => {
  const { status, body } = await rollcall.refresh(Array.from({ length: 250 }, (_, i) => `no/${i}`))
  expect(status).toBe(500)
  expect(body).toMatchObject({ updated: 0, errors: 250 })
  expect(body.failures).toHaveLength(100)
})
