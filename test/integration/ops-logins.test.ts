import { describe, expect, test } from 'vitest'
import { askAt, detailOf } from '../support/ops-api.ts'
import { actor, app, ofOne, operator, rollcallOfCast, viewer } from '../support/ops-cast.ts'

const { rollcall, redis, ask, own, logIn, auditLog } = await rollcallOfCast()

describe('who is logged in', () => {
  test('has a cookie that no script reads and no other site sends, and is known by it', async () => {
    const { answer, set, cookie } = await logIn(operator)
    expect(set).toMatch(/^rollcall_ops=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(answer.headers['cache-control']).toBe('no-store')
    const session = {
      name: 'olga',
      by: 'token',
      rights: ['operate', 'view'].toSorted(),
      domains: '*',
      version: expect.stringMatching(/^\d/),
      configuredDomains: ['two.example', 'one.example'],
      shards: 1,
    }
    const seen = (await ask('/session', { headers: { cookie } })).json<{ rights: string[]; expiresAt: string }>()
    expect({ ...seen, rights: seen.rights.toSorted() }).toEqual({ ...session, expiresAt: expect.any(String) })
    const hours = (Date.parse(seen.expiresAt) - Date.now()) / 3_600_000
    expect(hours).toBeGreaterThan(11.9)
    expect(hours).toBeLessThan(12.1)
    expect((await ask('/audit', { headers: { cookie } })).json()).toMatchObject({
      entries: expect.arrayContaining([expect.objectContaining({ who: 'olga', action: 'log-in', result: 'done' })]),
    })
  })

  test('is known to every api, and nothing in Redis lets another in', async () => {
    const { cookie } = await logIn(operator)
    const other = await rollcall.startApi()
    expect((await askAt(other.url, '/session', { headers: { cookie } })).json()).toMatchObject({ name: 'olga' })
    const id = cookie.split('=')[1] ?? ''
    const keys = await redis.keys('rollcall:session:*')
    expect(keys.length).toBeGreaterThan(0)
    expect(keys.join()).not.toContain(id)
    expect((await redis.mget(keys)).join()).not.toContain(operator.token.slice(-43))
    for (const ttl of await Promise.all(keys.map((key) => redis.ttl(key)))) expect(ttl).toBeGreaterThan(43_000)
    for (const key of keys) {
      const wrong = { cookie: `rollcall_ops=${key.slice('rollcall:session:'.length)}` }
      expect((await ask('/session', { headers: wrong })).status).toBe(401)
    }
  })

  test('stays so as long as the dashboard is used, and no longer', async () => {
    const { cookie } = await logIn(viewer)
    const keys = await redis.keys('rollcall:session:*')
    for (const key of keys) await redis.expire(key, 100)
    const other = await rollcall.startApi()
    const { expiresAt } = (await askAt(other.url, '/session', { headers: { cookie } })).json<{ expiresAt: string }>()
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(43_000_000)
    const ttls = await Promise.all(keys.map((key) => redis.ttl(key)))
    expect(ttls.filter((ttl) => ttl > 43_000)).toHaveLength(1)
    await redis.del(...keys) // as when they end
    expect((await askAt(other.url, '/session', { headers: { cookie } })).status).toBe(401)
  })

  test('may act from a page of the dashboard, and is nobody after logging out', async () => {
    const { cookie } = await logIn(operator)
    const made = await ask('/tokens', {
      method: 'POST',
      headers: { cookie, ...own() },
      json: { name: 'from-a-page', rights: ['view'], domains: '*' },
    })
    expect(made.status).toBe(201)
    expect((await ask('/session', { method: 'DELETE', headers: { cookie } })).status).toBe(403)
    const out = await ask('/session', { method: 'DELETE', headers: { cookie, ...own() } })
    expect(out).toMatchObject({ status: 204, text: '' })
    expect(out.headers['set-cookie']).toEqual([expect.stringMatching(/^rollcall_ops=; Max-Age=0; Path=\/; HttpOnly/)])
    expect((await ask('/session', { headers: { cookie } })).status).toBe(401)
    expect(await auditLog()).toContainEqual(expect.objectContaining({ who: 'olga', action: 'log-out', result: 'done' }))
  })

  test('logs in with a token that has the right to view, from no page of another site', async () => {
    const post = (json: unknown, headers: Record<string, string> = {}) =>
      ask('/session', { method: 'POST', json, headers: { ...own(), ...headers } })
    expect((await post({ token: app.token })).status).toBe(403)
    expect((await post({ token: actor.token })).status).toBe(403)
    expect((await post({ token: `${viewer.token.slice(0, -1)}!` })).status).toBe(401)
    expect((await post({ name: 'x' })).status).toBe(400)
    expect((await post({ token: viewer.token }, { origin: 'https://evil.example' })).status).toBe(403)
    const refused = (what: RegExp) =>
      expect.objectContaining({ who: 'nobody', action: 'log-in', what: expect.stringMatching(what), result: 'refused' })
    const written = await auditLog()
    expect(written).toContainEqual(refused(/^from 127\.0\.0\.1: The token "app" has no right to view$/))
    expect(written).toContainEqual(refused(/^from 127\.0\.0\.1: This token is not known here$/))
  })

  test('is asked for no password by the browser itself', async () => {
    const answer = await ask('/session')
    expect(answer.headers['www-authenticate']).toBe('Bearer')
    expect(answer.headers['set-cookie']).toBeUndefined()
  })

  test('sees the domains of the token alone', async () => {
    const { cookie } = await logIn(ofOne)
    const headers = { cookie }
    expect((await ask('/session', { headers })).json()).toMatchObject({
      domains: ['one.example'],
      configuredDomains: ['one.example'],
    })
    const { domains, settings } = (await ask('/settings', { headers })).json<{
      domains: { domain: string }[]
      settings: { name: string; value: string }[]
    }>()
    expect(domains.map(({ domain }) => domain)).toEqual(['one.example'])
    expect(settings.find(({ name }) => name === 'httpRosterUrl')).toMatchObject({ value: 'hidden' })
    for (const path of ['/audit', '/tokens']) expect((await ask(path, { headers })).status).toBe(403)
    const post = {
      method: 'POST',
      headers: { ...headers, ...own() },
      json: { name: 'x', rights: ['view'], domains: ['one.example'] },
    }
    expect(detailOf(await ask('/tokens', post))).toMatch(/concerns all domains/)
  })
})

test('logins that fail are counted by address, and those that do not are not', async () => {
  const { url } = await rollcall.startApi()
  const post = (token: string) => askAt(url, '/session', { method: 'POST', headers: own(url), json: { token } })
  for (let i = 0; i < 12; i++) expect((await post(viewer.token)).status).toBe(200)
  const evil = { method: 'POST', headers: { origin: 'https://evil.example' }, json: { token: 'rc_abcd_wrong' } }
  for (let i = 0; i < 12; i++) expect((await askAt(url, '/session', evil)).status).toBe(403)
  for (let i = 0; i < 10; i++) expect((await post('rc_abcd_wrong')).status).toBe(401)
  const answer = await post(viewer.token)
  expect(answer.status).toBe(429)
  expect(detailOf(answer)).toMatch(/wait a minute/)
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
})

test('no address may fill Redis with logins', async () => {
  const { url } = await rollcall.startApi()
  const login = async () =>
    (await askAt(url, '/session', { method: 'POST', headers: own(url), json: { token: viewer.token } })).status
  for (let i = 0; i < 120; i++) expect(await login()).toBe(200)
  expect(await login()).toBe(429)
})

describe('over TLS, as a trusted proxy says', () => {
  test('the cookie goes over TLS alone', async () => {
    const { url } = await rollcall.startApi({ TRUSTED_PROXIES: '127.0.0.1' })
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'ops.example', 'x-forwarded-for': '10.1.1.1' }
    const post = (origin: string) =>
      askAt(url, '/session', { method: 'POST', headers: { ...forwarded, origin }, json: { token: operator.token } })
    const answer = await post('https://ops.example')
    expect(answer.status).toBe(200)
    expect(answer.headers['set-cookie']?.[0]).toMatch(
      /^__Host-rollcall=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    )
    expect(answer.headers['strict-transport-security']).toBeDefined()
    expect((await post('http://ops.example')).status).toBe(403)
    expect((await post(url)).status).toBe(403)
  })

  test('and what anybody else says of it does not count', async () => {
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'ops.example', origin: 'https://ops.example' }
    expect((await ask('/session', { method: 'POST', headers, json: { token: operator.token } })).status).toBe(403)
    const { set } = await logIn(operator)
    expect(set).toMatch(/^rollcall_ops=/)
  })
})
