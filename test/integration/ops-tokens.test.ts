import { makeToken } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type SendOptions, send } from '../support/http.ts'
import { ownRedis } from '../support/processes.ts'
import { rollcallOfFile, startRollcall } from '../support/rollcall.ts'

const root = makeToken({ name: 'root', rights: ['view', 'operate', 'notify', 'read'], domains: '*' })
const actor = makeToken({ name: 'actor', rights: ['operate'], domains: '*' })
const TOKENS = JSON.stringify([root.entry, actor.entry])
/** An api looks for tokens every 2 s. */
const SOON = { interval: 100 }

const { backend, rollcall, redis } = await rollcallOfFile({ env: { TOKENS } })

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

interface Ask extends SendOptions {
  readonly json?: unknown
  readonly token?: string
}
const askAt = (url: string, path: string, { json, token = root.token, headers = {}, ...options }: Ask = {}) =>
  send(`${url}/ops/api${path}`, {
    headers: { ...bearer(token), ...headers },
    ...options,
    ...(json !== undefined && { body: JSON.stringify(json) }),
  })
const ask = (path: string, options?: Ask) => askAt(rollcall.api.url, path, options)

interface Made {
  readonly token: string
  readonly entry: { readonly id: string; readonly name: string }
}
const makeAt = async (url: string, name: string, rights = ['view', 'read']): Promise<Made> => {
  const answer = await askAt(url, '/tokens', { method: 'POST', json: { name, rights, domains: '*' } })
  expect(answer.status).toBe(201)
  return answer.json<{ token: string; entry: Made['entry'] }>()
}
const make = (name: string, rights?: string[]) => makeAt(rollcall.api.url, name, rights)
const listed = async (url = rollcall.api.url) =>
  (await askAt(url, '/tokens')).json<{ tokens: Record<string, unknown>[] }>().tokens

describe('a token made at run time', () => {
  test('is shown once, works at once, everywhere within seconds, and after a restart', async () => {
    const other = await rollcall.startApi()
    const { token, entry } = await make('prosody', ['read'])
    expect(token).toMatch(new RegExp(`^rc_${entry.id}_`))
    const read = async (url: string) => (await send(`${url}/contacts/john`, { headers: bearer(token) })).status
    expect(await read(rollcall.api.url)).toBe(200)
    await expect.poll(() => read(other.url), SOON).toBe(200)
    expect(await read((await rollcall.startApi()).url)).toBe(200)
    expect((await ask('/tokens', { token })).status).toBe(403)
    expect((await redis.hgetall('rollcall:tokens'))[entry.id]).not.toContain(token.slice(-43))
    const everywhere = (await listed(other.url)).map(({ lastUsedAt, ...token }) => token)
    expect(everywhere).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'root', from: 'configuration' }),
        {
          id: entry.id,
          name: 'prosody',
          rights: ['read'],
          domains: '*',
          from: 'dashboard',
          createdAt: expect.any(String),
          createdBy: 'root',
        },
      ]),
    )
  })

  test('that is revoked works nowhere within seconds, and whoever logged in with it is out', async () => {
    const other = await rollcall.startApi()
    const { token, entry } = await make('for-a-while')
    const login = await ask('/session', { method: 'POST', headers: { origin: rollcall.api.url }, json: { token } })
    const cookie = login.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? ''
    const looks = async (url: string, headers: Record<string, string>) =>
      (await send(`${url}/ops/api/session`, { headers })).status
    await expect.poll(() => looks(other.url, bearer(token)), SOON).toBe(200)
    expect(await looks(other.url, { cookie })).toBe(200)

    expect((await ask(`/tokens/${entry.id}`, { method: 'DELETE' })).status).toBe(204)
    for (const headers of [{ cookie }, bearer(token)]) {
      expect(await looks(rollcall.api.url, headers)).toBe(401)
      await expect.poll(() => looks(other.url, headers), SOON).toBe(401)
    }
    expect(await redis.hexists('rollcall:tokens', entry.id)).toBe(0)
    expect((await ask(`/tokens/${entry.id}`, { method: 'DELETE' })).status).toBe(404)
    const { entries } = (await ask('/audit')).json<{ entries: object[] }>()
    expect(entries.slice(0, 4)).toMatchObject([
      { who: 'root', action: 'revoke-token', what: entry.id, result: 'refused' },
      { who: 'root', action: 'revoke-token', what: `for-a-while (${entry.id})`, result: 'done' },
      { who: 'for-a-while', action: 'log-in' },
      { who: 'root', action: 'make-token', what: 'for-a-while: view, read for all domains', result: 'done' },
    ])
  })

  test('of which Redis has nothing left, since an api died while it was revoked, is known nowhere after another try', async () => {
    const { token, entry } = await make('half-revoked')
    await redis.hdel('rollcall:tokens', entry.id)
    expect((await ask(`/tokens/${entry.id}`, { method: 'DELETE' })).status).toBe(404)
    expect((await ask('/session', { token })).status).toBe(401)
  })

  test('is revoked everywhere, also when Redis is full', async () => {
    const own = await ownRedis()
    const full = await startRollcall({ rosterUrl: backend.template, workers: 0, redisUrl: own.url, env: { TOKENS } })
    onTestFinished(() => full.stop())
    const other = await full.startApi()
    const made = [await makeAt(full.api.url, 'one'), await makeAt(full.api.url, 'two')]
    const looks = async (url: string, { token }: Made) => (await askAt(url, '/session', { token })).status
    for (const one of made) await expect.poll(() => looks(other.url, one), SOON).toBe(200)
    const client = new Redis(own.url)
    await client.config('SET', 'maxmemory', '1')
    client.disconnect()
    for (const one of made) {
      expect((await askAt(full.api.url, `/tokens/${one.entry.id}`, { method: 'DELETE' })).status).toBe(204)
      expect(await looks(full.api.url, one)).toBe(401)
      await expect.poll(() => looks(other.url, one), SOON).toBe(401)
    }
  })

  test('cannot take the name of another, be for a domain that is not there, or do nothing', async () => {
    const post = async (json: object) => (await ask('/tokens', { method: 'POST', json })).status
    expect(await post({ name: 'root', rights: ['view'], domains: '*' })).toBe(409)
    expect(await post({ name: 'x', rights: ['view'], domains: ['other.example'] })).toBe(400)
    expect(await post({ name: 'x', rights: [], domains: '*' })).toBe(400)
    expect(await post({ name: 'x', rights: ['own'], domains: '*' })).toBe(400)
    expect((await ask(`/tokens/${root.entry.id}`, { method: 'DELETE' })).status).toBe(409)
  })

  test('may do no more than who makes it', async () => {
    const post = (rights: string[]) =>
      ask('/tokens', {
        method: 'POST',
        token: actor.token,
        json: { name: `by-actor-${rights[0]}`, rights, domains: '*' },
      })
    expect((await post(['notify', 'operate'])).status).toBe(201)
    for (const right of ['view', 'read']) expect((await post([right])).status).toBe(403)
  })

  test('that cannot be read does not count, and the others do', async () => {
    await redis.hset('rollcall:tokens', 'abcd', '{', 'efgh', '{"id":"efgh"}', ':edition', 'by hand')
    const { token } = await make('beside-garbage')
    expect((await ask('/session', { token })).status).toBe(200)
    await redis.hdel('rollcall:tokens', 'abcd', 'efgh')
  })
})

test('when a token was last used is known to every api within a minute, of those in the configuration too', async () => {
  const api = await rollcall.startApi()
  const before = Date.now()
  const { token } = await makeAt(api.url, 'used', ['view'])
  await askAt(api.url, '/session', { token })
  const usedAt = async (url?: string) => (await listed(url)).find(({ name }) => name === 'used')?.lastUsedAt
  expect(Date.parse(String(await usedAt(api.url)))).toBeGreaterThanOrEqual(before)
  expect(await usedAt()).toBeUndefined()
  await api.stop() // writes what it has not yet
  expect(Date.parse(String(await usedAt()))).toBeGreaterThanOrEqual(before)
  expect((await listed()).find(({ name }) => name === 'root')?.lastUsedAt).toBeDefined()
})

test('the settings are those in effect, without secrets', async () => {
  const answer = await ask('/settings')
  const { settings, domains } = answer.json<{ settings: object[]; domains: object[] }>()
  expect(settings).toContainEqual(expect.objectContaining({ variable: 'SHARDS', value: '1', isDefault: true }))
  expect(settings).toContainEqual(expect.objectContaining({ variable: 'TOKENS', value: 'root, actor', isSecret: true }))
  expect(domains).toEqual([
    {
      domain: 'localhost',
      rosterUrl: backend.template,
      details: expect.objectContaining({ backendTimeoutMs: '10000' }),
    },
  ])
  for (const { sha256 } of [root.entry, actor.entry]) expect(answer.text).not.toContain(sha256)
})

describe('while Redis is away', () => {
  test('who was logged in goes on looking, may not act, and is not told that nobody is logged in', async () => {
    const own = await ownRedis()
    const away = await startRollcall({ rosterUrl: backend.template, workers: 0, redisUrl: own.url, env: { TOKENS } })
    onTestFinished(() => away.stop())
    const { url } = away.api
    const made = await makeAt(url, 'made', ['view', 'operate'])
    const logIn = async (token: string) => {
      const answer = await askAt(url, '/session', { method: 'POST', headers: { origin: url }, json: { token } })
      return { cookie: answer.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '' }
    }
    const looking = await logIn(made.token)
    const unseen = await logIn(root.token)
    const session = async (headers: Record<string, string>) =>
      (await send(`${url}/ops/api/session`, { headers })).status
    expect(await session(looking)).toBe(200)

    await own.stop()
    await expect.poll(async () => (await askAt(url, '/audit')).status, SOON).toBe(503)
    expect(await session(looking)).toBe(200)
    expect(await session(bearer(made.token))).toBe(200)
    expect(await session(unseen)).toBe(503)
    expect(await session({ cookie: 'rollcall_ops=nonsense' })).toBe(401)
    const late = await logIn(root.token)
    expect(await session(late)).toBe(200)
    for (const who of [looking, late]) {
      const act = { method: 'POST', headers: { ...who, origin: url }, body: '{}' }
      expect((await send(`${url}/ops/api/tokens`, act)).status).toBe(503)
    }

    const other = await away.startApi()
    const there = async (headers: Record<string, string>) =>
      (await send(`${other.url}/ops/api/session`, { headers })).status
    expect(await there(bearer(root.token))).toBe(200)
    expect(await there(bearer(made.token))).toBe(503)
    expect(await there(looking)).toBe(503)
  })
})
