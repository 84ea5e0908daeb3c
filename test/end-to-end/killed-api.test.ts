import { refreshChunkKey, refreshKey, shardKeys } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startTcpProxy } from '../../chaos/src/tcp-proxy.ts'
import { startBackend } from '../support/backend.ts'
import { freshRedisUrl } from '../support/fresh-redis.ts'
import { type ApiProcess, spawnApi, spawnWorker } from '../support/processes.ts'
import { edit, notAsInBackend, usernames } from './rosters.ts'

/** Six chunks, which the api asks for two at a time. */
const MANY = usernames(3_000)
const SOME = usernames(2_000)
const PLACES = 50
/** Each way: the first users are fetched long before the last are asked for. */
const LAG_MS = 50
const RECORDS = refreshKey('0000*')

describe.each([
  ['another one alive', 'before'],
  ['none left, and one started afterwards', 'afterwards'],
] as const)('an api is killed, with %s', { timeout: 180_000 }, (_, start) => {
  test('while it takes a refresh in: every user gets the new roster', async ({ annotate }) => {
    const { env, backend, api, cable, other, redis } = await scene(start)
    edit(backend, MANY, 1)
    cable.lag(LAG_MS)
    const answer = api.refresh(MANY).catch(() => 'broken')
    await backend.until(() => backend.requests.length > 0)
    api.kill('SIGSTOP') // to look around without haste
    const [id = ''] = await redis.zrange(shardKeys(0).accepting, '0', '-1')
    const chunks = await chunksOf(redis, id)
    const asked = chunks.filter(({ requested }) => requested).length
    await annotate(`killed when ${asked} of ${chunks.length} chunks were written down as asked for`)
    expect(asked, 'the kill came too late').toBeLessThan(chunks.length)
    const killedAt = performance.now()
    api.kill('SIGKILL')
    expect(await answer).toBe('broken')

    const { seconds } = await untilDone(await other(), id, MANY.length, killedAt)
    await annotate(`done ${seconds} s after the kill`)
    expect(await notAsInBackend(env.REDIS_URL, backend, MANY)).toEqual([])
  })

  test('while its caller waits: every user gets the new roster', async ({ annotate }) => {
    const { env, backend, api, other, redis } = await scene(start)
    edit(backend, SOME, 1)
    expect((await api.refresh(SOME)).body).toMatchObject({ updated: 2_000 })
    edit(backend, SOME, 2)
    const held = backend.hold('*')
    const earlier = new Set(await redis.keys(RECORDS))
    const before = backend.requests.length
    const answer = api.refresh(SOME).catch(() => 'broken')
    await backend.until(() => backend.requests.length === before + 2 * PLACES) // every place of both workers is taken
    await expect.poll(() => redis.zcard(shardKeys(0).accepting)).toBe(0) // all of it is taken in
    const killedAt = performance.now()
    api.kill('SIGKILL')
    expect(await answer).toBe('broken')
    held.release()

    const [id] = (await redis.keys(RECORDS)).filter((key) => !earlier.has(key)).map((key) => key.split(':')[3])
    const { seconds } = await untilDone(await other(), id ?? '', SOME.length, killedAt)
    await annotate(`done ${seconds} s after the kill`)
    expect(await notAsInBackend(env.REDIS_URL, backend, SOME)).toEqual([])
  })
})

async function scene(start: 'before' | 'afterwards') {
  const backend = await startBackend()
  onTestFinished(backend.close)
  const env = {
    REDIS_URL: await freshRedisUrl(),
    HTTP_ROSTER_URL: backend.template,
    WORKER_CONCURRENCY: String(PLACES),
    BACKEND_TIMEOUT_MS: '60000',
    SLOW_FETCH_MS: '60000',
  }
  const redis = new Redis(env.REDIS_URL)
  onTestFinished(() => redis.disconnect())
  const { port, pathname } = new URL(env.REDIS_URL)
  const cable = await startTcpProxy(Number(port))
  onTestFinished(cable.stop)
  const throughCable = { ...env, REDIS_URL: `redis://127.0.0.1:${cable.port}${pathname}` }
  const [api] = await Promise.all([spawnApi(throughCable), spawnWorker(env), spawnWorker(env)])
  const alive = start === 'before' ? await spawnApi(env) : undefined
  return { backend, env, redis, api, cable, other: () => alive ?? spawnApi(env) }
}

async function chunksOf(redis: Redis, id: string): Promise<{ requested?: unknown }[]> {
  const header = JSON.parse((await redis.hget(refreshKey(id), 'header')) ?? '{}') as { chunks: number }
  const keys = Array.from({ length: header.chunks }, (_, at) => refreshChunkKey(id, at))
  return (await redis.mget(keys)).map((text) => JSON.parse(text ?? '{}') as { requested?: unknown })
}

/** A killed api is missed when the lease on what it was taking in has ended. */
async function untilDone(api: ApiProcess, id: string, users: number, since: number): Promise<{ seconds: string }> {
  await expect
    .poll(async () => (await api.get(`/v1/refreshes/${id}`)).body, { timeout: 120_000, interval: 250 })
    .toMatchObject({ state: 'done', updated: users, errors: 0, pending: 0 })
  return { seconds: ((performance.now() - since) / 1_000).toFixed(1) }
}
