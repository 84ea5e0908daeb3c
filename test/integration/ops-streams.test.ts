import { makeToken } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startBackend, type TestBackend } from '../support/backend.ts'
import { listenTo } from '../support/event-source.ts'
import { send } from '../support/http.ts'
import { type Rollcall, startRollcall } from '../support/rollcall.ts'

const root = makeToken({ name: 'root', rights: ['view', 'operate'], domains: '*' })
let backend: TestBackend
let rollcall: Rollcall
/** Two apis of one Rollcall: what ends at the first is to be heard of at the other. */
let apis: readonly string[]

beforeEach(async () => {
  backend = await startBackend()
  rollcall = await startRollcall({
    rosterUrl: backend.template,
    workers: 0,
    env: { TOKENS: JSON.stringify([root.entry]) },
  })
  apis = [rollcall.api.url, (await rollcall.startApi()).url]
})
afterEach(async () => {
  await rollcall.stop()
  await backend.close()
})

const STREAMS = ['/live', '/changes/live']
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

async function makeAt(url: string, name: string): Promise<{ token: string; entry: { id: string } }> {
  const body = JSON.stringify({ name, rights: ['view'], domains: '*' })
  const answer = await send(`${url}/ops/api/tokens`, { method: 'POST', headers: bearer(root.token), body })
  return answer.json()
}

async function logIn(url: string, token: string): Promise<{ cookie: string }> {
  const body = JSON.stringify({ token })
  const answer = await send(`${url}/ops/api/session`, { method: 'POST', headers: { origin: url }, body })
  return { cookie: answer.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '' }
}

const sessionAt = (url: string, headers: Record<string, string>) => send(`${url}/ops/api/session`, { headers })

/** Every stream of every api, opened by one reader. */
const listenEverywhere = (headers: Record<string, string>) =>
  Promise.all(apis.flatMap((url) => STREAMS.map((path) => listenTo(`${url}/ops/api${path}`, headers))))

type Listeners = Awaited<ReturnType<typeof listenEverywhere>>

const whenEnded = (listeners: Listeners) => Promise.all(listeners.map(({ ended }) => ended))

describe('every stream, at every api, ends within seconds', () => {
  const [first, other] = [() => apis[0] ?? '', () => apis[1] ?? '']

  test('of whoever sent a token or logged in with one when it is revoked, and of nobody else', async () => {
    const { token, entry } = await makeAt(first(), 'for-a-while')
    await expect.poll(async () => (await sessionAt(other(), bearer(token))).status).toBe(200)
    const cookie = await logIn(first(), token)
    const gone = await Promise.all([listenEverywhere(bearer(token)), listenEverywhere(cookie)])
    const stays = await listenEverywhere(bearer(root.token))
    const revoked = { method: 'DELETE', headers: bearer(root.token) }
    expect((await send(`${first()}/ops/api/tokens/${entry.id}`, revoked)).status).toBe(204)
    await whenEnded(gone.flat())
    for (const url of apis)
      expect((await sessionAt(url, cookie)).json()).toMatchObject({
        status: 401,
        title: 'Logged out',
        detail: expect.stringMatching(/was revoked/),
      })
    expect(await stillOpen(stays)).toBe(stays.length)
  })

  test('of whoever logs out, and not of the same one in another browser', async () => {
    const [cookie, inAnother] = [await logIn(first(), root.token), await logIn(other(), root.token)]
    const [gone, stays] = [await listenEverywhere(cookie), await listenEverywhere(inAnother)]
    const out = { method: 'DELETE', headers: { ...cookie, origin: first() } }
    expect((await send(`${first()}/ops/api/session`, out)).status).toBe(204)
    await whenEnded(gone)
    for (const url of apis)
      expect((await sessionAt(url, cookie)).json()).toMatchObject({
        title: 'Logged out',
        detail: expect.stringMatching(/logged out elsewhere/),
      })
    expect(await stillOpen(stays)).toBe(stays.length)
  })

  test('of whoever was logged in when Redis has lost its data', async () => {
    const gone = await listenEverywhere(await logIn(first(), root.token))
    const redis = new Redis(rollcall.redisUrl)
    await redis.flushdb()
    redis.disconnect()
    await whenEnded(gone)
  })
})

/** How many of them go on when those of the state have been told twice more that all is as it was: longer than two looks. */
async function stillOpen(listeners: Listeners): Promise<number> {
  let open = listeners.length
  for (const { ended } of listeners) void ended.then(() => open--)
  const before = listeners.map(({ events }) => events.length)
  const isTold = listeners.map((_, i) => STREAMS[i % STREAMS.length] === '/live')
  await Promise.all(
    listeners.map(({ until }, i) => isTold[i] && until((events) => events.length >= (before[i] ?? 0) + 2)),
  )
  return open
}
