import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, type SendOptions, send } from '../support/http.ts'
import { type Rollcall, rollcallOfFile, startRollcall } from '../support/rollcall.ts'
import { bearer, tokenFor, tokensOf } from '../support/tokens.ts'

const viewer = tokenFor('victor', ['view'])
const operator = tokenFor('olga', ['view', 'operate'])
const actor = tokenFor('actor', ['operate'])
const app = tokenFor('app', ['notify', 'read'])
const ofOne = tokenFor('one-domain', ['view', 'operate'], ['one.example'])

const TOKENS = tokensOf(viewer, operator, actor, app, ofOne)

const { backend, rollcall, redis } = await rollcallOfFile({
  workers: 0,
  env: { TOKENS },
  file: {
    domains: { 'one.example': {}, 'two.example': { headers: { 'x-key': 's3cret' } } },
    defaultDomain: 'two.example',
  },
})

interface Ask extends SendOptions {
  readonly json?: unknown
}

/** A request to /ops/api of an api. */
const askAt = (url: string, path: string, { json, ...options }: Ask = {}): Promise<Answer> =>
  send(`${url}/ops/api${path}`, { ...options, ...(json !== undefined && { body: JSON.stringify(json) }) })
const ask = (path: string, options?: Ask) => askAt(rollcall.api.url, path, options)

const own = (url = rollcall.api.url) => ({ origin: url, 'sec-fetch-site': 'same-origin' })

/** Logs in as a page of the dashboard does; the cookie as a browser sends it back. */
async function logIn({ token }: { token: string }, url = rollcall.api.url) {
  const answer = await askAt(url, '/session', { method: 'POST', headers: own(url), json: { token } })
  expect(answer.status).toBe(200)
  const [set = ''] = answer.headers['set-cookie'] ?? []
  return { answer, set, cookie: set.split(';', 1)[0] ?? '' }
}

/** Something at the path of a route. */
const pathTo = (path: string) => path.replace(/:[a-zA-Z]+|\*[a-zA-Z]+/g, 'x')

const detailOf = (answer: Answer) => answer.json<{ detail: string }>().detail
const auditLog = async () =>
  (await ask('/audit', { headers: bearer(operator) })).json<{ entries: Record<string, unknown>[] }>().entries

describe('a route that writes', () => {
  /** Of the api as it runs: one that is added is looked at too. */
  const writes = () => rollcall.api.opsRoutes.filter(({ method }) => method !== 'get')
  const eachWrite = async (headers: Record<string, string>) =>
    Promise.all(
      writes().map(async ({ method, path, action }) => {
        const answer = await ask(pathTo(path), {
          method: method.toUpperCase(),
          headers,
          ...(method !== 'delete' && { json: {} }),
        })
        return { action, status: answer.status, why: detailOf(answer) }
      }),
    )
  const all = (status: number, why: RegExp) =>
    writes().map(({ action }) => ({ action, status, why: expect.stringMatching(why) }))

  test('there are some', () => expect(writes().length).toBeGreaterThan(1))

  test('is refused to who may only view, and the audit log has that', async () => {
    expect(await eachWrite(bearer(viewer))).toEqual(all(403, /^"victor" has no right to operate$/))
    const refused = (await auditLog()).filter(({ who }) => who === 'victor')
    expect(refused.map(({ action }) => action).toSorted()).toEqual(
      writes()
        .map(({ action }) => action)
        .toSorted(),
    )
    expect(new Set(refused.map(({ result }) => result))).toEqual(new Set(['refused']))
  })

  test('is refused to nobody', async () => {
    expect(await eachWrite({})).toEqual(all(401, /^Nobody is logged in/))
    expect(await eachWrite({ authorization: 'Bearer rc_abcd_wrong' })).toEqual(all(401, /not known/))
  })

  test('is refused to a page of another site, in the browser of who is logged in', async () => {
    const { cookie } = await logIn(operator)
    for (const foreign of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost:1' },
      { 'sec-fetch-site': 'same-site' },
    ])
      expect(await eachWrite({ cookie, ...(foreign as Record<string, string>) })).toEqual(all(403, /another origin/))
    expect(await eachWrite({ cookie })).toEqual(all(403, /send a token instead/))
    const basic = `Basic ${Buffer.from(`x:${operator.token}`).toString('base64')}`
    expect(await eachWrite({ authorization: basic, origin: 'https://evil.example' })).toEqual(
      all(403, /another origin/),
    )
  })
})

test('a route that reads is refused to nobody, and to who may not view', async () => {
  const reads = rollcall.api.opsRoutes.filter(({ method }) => method === 'get')
  expect(reads.length).toBeGreaterThan(10)
  const statuses = (headers: Record<string, string>) =>
    Promise.all(reads.map(async ({ path }) => [path, (await ask(pathTo(path), { headers })).status]))
  expect(await statuses({})).toEqual(reads.map(({ path }) => [path, 401]))
  for (const token of [app, actor]) expect(await statuses(bearer(token))).toEqual(reads.map(({ path }) => [path, 403]))
})

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

describe('whom a proxy names', () => {
  const NAMED = { OPS_IDENTITY_HEADER: 'x-forwarded-user', OPS_OPERATORS: 'alice,zoë' }
  const trusting = (more: Record<string, string> = {}) =>
    rollcall.startApi({ TRUSTED_PROXIES: '127.0.0.1', ...NAMED, ...more })

  test('is believed of a trusted proxy, and may act when OPS_OPERATORS says so', async () => {
    const { url } = await trusting()
    const as = (user: string) => ({ 'x-forwarded-user': user })
    const session = async (user: string) => (await askAt(url, '/session', { headers: as(user) })).json()
    expect(await session('alice')).toMatchObject({
      name: 'alice',
      by: 'proxy',
      rights: ['view', 'operate'],
      domains: '*',
    })
    expect(await session('bob')).toMatchObject({ name: 'bob', rights: ['view'] })
    expect(await session(Buffer.from('zoë').toString('latin1'))).toMatchObject({
      name: 'zoë',
      rights: ['view', 'operate'],
    })
    const write = (headers: Record<string, string>) =>
      askAt(url, '/tokens', { method: 'POST', headers, json: { name: 'by-alice', rights: ['read'], domains: '*' } })
    expect((await write({ ...as('bob'), ...own(url) })).status).toBe(403)
    expect((await write({ ...as('alice'), origin: 'https://evil.example' })).status).toBe(403)
    expect((await write(as('alice'))).status).toBe(403)
    expect((await write({ ...as('alice'), ...own(url) })).json()).toMatchObject({ entry: { createdBy: 'alice' } })
    expect(await auditLog()).toContainEqual(
      expect.objectContaining({ who: 'alice (by the proxy)', action: 'make-token', result: 'done' }),
    )
  })

  test('is nobody when the header is missing, too long, or there twice', async () => {
    const { url } = await trusting()
    expect((await askAt(url, '/session')).status).toBe(401)
    expect((await askAt(url, '/session', { headers: { 'x-forwarded-user': 'a'.repeat(101) } })).status).toBe(403)
    const twice = { 'x-forwarded-user': ['mallory', 'alice'] } as unknown as Record<string, string>
    expect((await askAt(url, '/session', { headers: twice })).status).toBe(403)
    for (const name of ['ali\u202Ece', 'alice\u200B', 'a\tb'].map((text) => Buffer.from(text).toString('latin1')))
      expect((await askAt(url, '/session', { headers: { 'x-forwarded-user': name } })).status).toBe(403)
    expect((await askAt(url, '/session', { headers: { 'x-forwarded-user': 'al\xFFce' } })).status).toBe(403)
  })

  test('is not believed of anybody else', async () => {
    const { url } = await trusting({ TRUSTED_PROXIES: '10.0.0.0/8,::2' })
    expect((await askAt(url, '/session', { headers: { 'x-forwarded-user': 'alice' } })).status).toBe(401)
    const named = { 'x-forwarded-user': 'alice', 'x-forwarded-for': '10.0.0.1' }
    expect((await askAt(url, '/session', { headers: named })).status).toBe(401)
    expect((await askAt(url, '/session', { headers: { ...named, ...bearer(viewer) } })).json()).toMatchObject({
      name: 'victor',
    })
  })

  test('keeps what comes through it from counting as somebody on this machine', async () => {
    const open = await startRollcall({
      rosterUrl: backend.template,
      workers: 0,
      env: { TRUSTED_PROXIES: '127.0.0.1', ...NAMED },
    })
    expect((await askAt(open.api.url, '/session')).status).toBe(401)
    for (const authorization of ['Bearer x', 'Basic eDp4'])
      expect((await askAt(open.api.url, '/session', { headers: { authorization } })).status).toBe(401)
    expect((await askAt(open.api.url, '/session', { headers: { 'x-forwarded-user': 'bob' } })).json()).toMatchObject({
      name: 'bob',
      rights: ['view'],
    })
    await open.stop()
  })
})

test('/metrics is for who may view all domains', async () => {
  const scrape = async (headers: Record<string, string>) => (await rollcall.send('/metrics', { headers })).status
  expect(await scrape(bearer(viewer))).toBe(200)
  for (const token of [app, actor, ofOne]) expect(await scrape(bearer(token))).toBe(403)
  expect(await scrape({})).toBe(401)
})

test('pages of CORS_ORIGINS may use the rest of the api, and not the dashboard', async () => {
  const { url } = await rollcall.startApi({ CORS_ORIGINS: 'https://app.example' })
  const headers = { ...bearer(app), origin: 'https://app.example' }
  const allowed = (answer: Answer) => answer.headers['access-control-allow-origin']
  expect(allowed(await send(`${url}/v1/refreshes/x`, { headers }))).toBe('https://app.example')
  const preflight = { ...headers, 'access-control-request-method': 'GET' }
  for (const options of [{ headers }, { headers: preflight, method: 'OPTIONS' }])
    for (const path of ['/ops/api/session', '/OPS/api/session'])
      expect(allowed(await send(url + path, options))).toBeUndefined()
})

describe('without tokens', () => {
  let open: Rollcall
  beforeAll(async () => {
    open = await startRollcall({ rosterUrl: backend.template, workers: 0 })
  })
  afterAll(() => open.stop())
  const askOpen = (path: string, options?: Ask) => askAt(open.api.url, path, options)
  const make = (headers: Record<string, string>, name: string) =>
    askOpen('/tokens', { method: 'POST', headers, json: { name, rights: ['view'], domains: '*' } })

  test('whoever is on this machine may do everything, and logs in nowhere', async () => {
    expect((await askOpen('/session')).json()).toMatchObject({
      name: 'loopback',
      by: 'loopback',
      rights: ['view', 'operate'],
    })
    expect((await make({}, 'curl')).status).toBe(201)
    expect((await make(own(open.api.url), 'page')).status).toBe(201)
    const login = await askOpen('/session', {
      method: 'POST',
      headers: own(open.api.url),
      json: { token: viewer.token },
    })
    expect(login.status).toBe(409)
  })

  test('but no page of another origin may, of this machine or not', async () => {
    for (const origin of [
      'https://evil.example',
      'http://localhost:3000',
      `http://localhost:${new URL(open.api.url).port}`,
    ])
      expect((await make({ origin }, 'evil')).status).toBe(403)
    expect((await make({ host: 'evil.example', origin: 'http://evil.example' }, 'evil')).status).toBe(403)
    expect((await askOpen('/session', { headers: { origin: 'https://evil.example' } })).status).toBe(403)
  })

  test('a token made at run time changes nothing about that', async () => {
    expect((await make({}, 'first')).status).toBe(201)
    expect((await askOpen('/session')).status).toBe(200)
    expect((await open.send('/v1/refreshes/00000000-0000-4000-8000-000000000000')).status).toBe(404)
  })
})
