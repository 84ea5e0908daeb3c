import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { shardKeys } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort, type RedisServer } from '../../../tools/src/index.ts'
import { startBackend, type TestBackend } from '../../support/backend.ts'
import type { Answer } from '../../support/http.ts'
import { ownRedis, temporaryDirectory } from '../../support/processes.ts'
import { type Rollcall, type RollcallOptions, startRollcall } from '../../support/rollcall.ts'

const QUICK = { REDIS_TIMEOUT_MS: '1000', RECHECK_INTERVAL_MS: '50', SHUTDOWN_DEADLINE_MS: '500', HEARTBEAT_MS: '1000' }

async function startWith(
  redisUrl: string,
  options: Partial<RollcallOptions> = {},
): Promise<{ backend: TestBackend; rollcall: Rollcall }> {
  const backend = await startBackend()
  onTestFinished(backend.close)
  const env = { ...QUICK, ...options.env }
  const rollcall = await startRollcall({ rosterUrl: backend.template, redisUrl, ...options, env })
  onTestFinished(rollcall.stop)
  return { backend, rollcall }
}

/** A Redis that keeps every write, so that one that comes back knows all it has answered. */
const durable = (more: { directory?: string; port?: number } = {}) =>
  ownRedis({ ...more, args: ['--appendfsync', 'always'] })

async function kill(redis: RedisServer): Promise<void> {
  redis.child.kill('SIGKILL')
  await redis.child.exited
}

const post = (rollcall: Rollcall, usernames: readonly string[]) =>
  rollcall.send('/roster_admin/refresh', { method: 'POST', body: JSON.stringify(usernames) })
const until = (ask: () => unknown) => expect.poll(ask)
const statusOf = async (answer: Promise<Answer>) => (await answer).status
const health = async (rollcall: Rollcall) => {
  const [live, ready] = await Promise.all([rollcall.send('/health/live'), rollcall.send('/health/ready')])
  const { status, reasons } = ready.json<{ status: string; reasons: string[] }>()
  return { live: live.status, ready: ready.status, status, reasons }
}

/** Until all users of all refreshes have been asked for: from then on their callers need no Redis to be answered. */
async function takenIn({ url }: RedisServer): Promise<void> {
  const redis = new Redis(url)
  await until(() => redis.zcard(shardKeys(0).accepting)).toBe(0)
  redis.disconnect()
}

const WELL = { live: 200, ready: 200, status: 'ok', reasons: [] }
const AWAY = {
  live: 200,
  ready: 503,
  status: 'unavailable',
  reasons: [expect.stringMatching(/Redis cannot be read/)],
}

async function expectRefused(rollcall: Rollcall): Promise<void> {
  const refused = await Promise.all([
    post(rollcall, ['john']),
    post(rollcall, []),
    rollcall.send('/roster_admin/refresh/john'),
  ])
  for (const answer of refused) {
    expect(answer.status).toBe(503)
    expect(answer.headers['retry-after']).toBe('1')
    expect(answer.json()).toEqual({ status: 'error', message: expect.stringMatching(/Redis/), updated: 0, errors: 0 })
  }
}

async function expectUnreadable(rollcall: Rollcall): Promise<void> {
  const paths = ['/contacts/john', '/v1/rosters/john', '/v1/refreshes/00000000-0000-4000-8000-000000000000']
  for (const answer of await Promise.all(paths.map((path) => rollcall.send(path)))) {
    expect(answer.status).toBe(503)
    expect(answer.headers['retry-after']).toBe('1')
    expect(answer.text).toMatch(/Redis/)
  }
}

describe('a Redis that is away', () => {
  test('at the start: all is refused at once until it comes, and then works without a restart', async () => {
    const port = await freePort()
    const { rollcall } = await startWith(`redis://127.0.0.1:${port}`)
    await expectRefused(rollcall)
    await expectUnreadable(rollcall)
    expect(await health(rollcall)).toEqual(AWAY)

    await ownRedis({ port })
    await until(() => statusOf(post(rollcall, ['john', 'mary']))).toBe(200)
    expect(await statusOf(rollcall.send('/contacts/john'))).toBe(200)
    await until(() => health(rollcall)).toEqual(WELL)
  })

  test('during a refresh: the caller is told by the deadline what is known, and the refresh goes on afterwards', async () => {
    const directory = await temporaryDirectory()
    const redis = await durable({ directory })
    const { backend, rollcall } = await startWith(redis.url, {
      env: { REFRESH_DEADLINE_MS: '3000', JOB_LOCK_MS: '1000', STALL_CHECK_MS: '500' },
    })
    await post(rollcall, ['john'])
    const held = backend.hold('slow')
    const caller = post(rollcall, ['fast', 'slow'])
    await backend.arrived('slow')
    await takenIn(redis)
    await kill(redis)
    await expectRefused(rollcall)
    await expectUnreadable(rollcall)
    const answer = await caller
    expect(answer.status).toBe(202)
    const { updated, errors, pending } = answer.json<Record<'updated' | 'errors' | 'pending', number>>()
    expect({ sum: updated + errors + pending, errors }).toEqual({ sum: 2, errors: 0 })
    expect(rollcall.api.waiting()).toEqual({ callers: 0, users: 0 })

    await durable({ directory, port: redis.port })
    held.release()
    const location = String(answer.headers.location)
    await until(async () => (await rollcall.send(location)).json()).toMatchObject({
      state: 'done',
      updated: 2,
      errors: 0,
    })
    expect((await post(rollcall, ['john', 'slow'])).json()).toMatchObject({ status: 'ok', updated: 2 })
    await until(() => health(rollcall)).toEqual(WELL)
  })

  test('for a moment: a caller who waits does not notice', async () => {
    const directory = await temporaryDirectory()
    const redis = await durable({ directory })
    const { backend, rollcall } = await startWith(redis.url, { env: { JOB_LOCK_MS: '1000', STALL_CHECK_MS: '500' } })
    const held = backend.hold('slow')
    const caller = post(rollcall, ['slow'])
    await backend.arrived('slow')
    await takenIn(redis)
    await kill(redis)
    await durable({ directory, port: redis.port })
    held.release()
    expect((await caller).json()).toMatchObject({ status: 'ok', updated: 1, errors: 0 })
  })

  test('with calls on their way to it: they are refused, though it is back before their time is up', async () => {
    const directory = await temporaryDirectory()
    const redis = await ownRedis({ directory })
    const { rollcall } = await startWith(redis.url, { env: { REDIS_TIMEOUT_MS: '60000' } })
    await post(rollcall, ['john'])
    process.kill(redis.pid, 'SIGSTOP')
    const callers = [
      ...['/contacts/john', '/v1/rosters/john', '/roster_admin/refresh/john'].map((path) => rollcall.send(path)),
      post(rollcall, ['john']),
    ]
    await until(() => rollcall.api.waiting()).toMatchObject({ callers: 2 })
    await kill(redis)
    await ownRedis({ directory, port: redis.port })
    for (const answer of await Promise.all(callers)) expect([200, 503]).toContain(answer.status)
    await until(() => statusOf(post(rollcall, ['john']))).toBe(200)
  })

  test('and comes back without its data: who waits is told so, and what is asked for next is fetched anew', async () => {
    const directory = await temporaryDirectory()
    const redis = await ownRedis({ directory })
    const { backend, rollcall } = await startWith(redis.url)
    await post(rollcall, ['john'])
    const held = backend.hold('slow')
    const caller = post(rollcall, ['slow'])
    await backend.arrived('slow')
    await takenIn(redis)
    await kill(redis)
    await rm(join(directory, 'appendonlydir'), { recursive: true })
    await ownRedis({ directory, port: redis.port })
    const answer = await caller
    expect(answer.json()).toMatchObject({ status: 'error', errors: 1, failures: [{ code: 'store-reset' }] })
    held.release()
    await until(() => statusOf(rollcall.send('/contacts/john'))).toBe(200)
    expect((await post(rollcall, ['john', 'mary', 'slow'])).json()).toMatchObject({ status: 'ok', updated: 3 })
  })
})

test('a Redis that hangs: calls fail after REDIS_TIMEOUT_MS, those who wait go on waiting, and all is well afterwards', async () => {
  const redis = await ownRedis()
  const { backend, rollcall } = await startWith(redis.url)
  await post(rollcall, ['john'])
  const held = backend.hold('slow')
  const caller = post(rollcall, ['slow'])
  await backend.arrived('slow')
  await takenIn(redis)

  process.kill(redis.pid, 'SIGSTOP')
  onTestFinished(() => void process.kill(redis.pid, 'SIGCONT'))
  await expectRefused(rollcall)
  await expectUnreadable(rollcall)
  expect(await health(rollcall)).toEqual(AWAY)
  held.release()

  process.kill(redis.pid, 'SIGCONT')
  expect((await caller).json()).toMatchObject({ status: 'ok', updated: 1 })
  await until(() => statusOf(post(rollcall, ['john', 'mary']))).toBe(200)
  await until(() => health(rollcall)).toEqual(WELL)
})

describe('a Redis that takes no writes: refreshes are refused, stored rosters are read, logins go on', () => {
  test.each<[what: string, refuse: (redis: Redis) => Promise<unknown>, mend: (redis: Redis) => Promise<unknown>]>([
    [
      'its memory is full',
      (redis) => redis.config('SET', 'maxmemory', '1mb'),
      (redis) => redis.config('SET', 'maxmemory', '0'),
    ],
    ['it is a replica', (redis) => redis.replicaof('127.0.0.1', '1'), (redis) => redis.replicaof('NO', 'ONE')],
    [
      'it waits for replicas',
      (redis) => redis.config('SET', 'min-replicas-to-write', '1'),
      (redis) => redis.config('SET', 'min-replicas-to-write', '0'),
    ],
  ])('%s', async (_what, refuse, mend) => {
    const { url } = await ownRedis()
    const redis = new Redis(url)
    onTestFinished(() => redis.disconnect())
    const { rollcall } = await startWith(url)
    await post(rollcall, ['john'])

    await refuse(redis)
    await expectRefused(rollcall)
    expect(await statusOf(rollcall.send('/contacts/john'))).toBe(200)
    expect(await statusOf(rollcall.send('/v1/rosters/john'))).toBe(200)
    const miss = await rollcall.send('/contacts/never-stored')
    expect({ status: miss.status, retry: miss.headers['retry-after'] }).toEqual({ status: 503, retry: '1' })
    expect(await health(rollcall)).toEqual({
      live: 200,
      ready: 200,
      status: 'degraded',
      reasons: expect.arrayContaining([expect.stringMatching(/takes no writes/)]),
    })

    await mend(redis)
    await until(() => statusOf(post(rollcall, ['john', 'mary']))).toBe(200)
    expect(await statusOf(rollcall.send('/contacts/never-stored'))).toBe(200)
    await until(() => health(rollcall)).toEqual(WELL)
  })
})

test('a Redis that is full for a while costs no attempts: what waits is done afterwards, and by its own jobs', async () => {
  const { url } = await ownRedis()
  const redis = new Redis(url)
  onTestFinished(() => redis.disconnect())
  const env = { WORKER_CONCURRENCY: '10', SLOW_LANE: '0', JOB_LOCK_MS: '60000', SWEEP_GRACE_MS: '600000' }
  const { backend, rollcall } = await startWith(url, { env })
  const held = backend.hold('*')
  const users = Array.from({ length: 300 }, (_, i) => `user-${i}`)
  const caller = post(rollcall, users)
  await until(() => backend.requests.length).toBe(10)
  await takenIn({ url } as RedisServer)

  await redis.config('SET', 'maxmemory', '1mb')
  held.release()
  await backend.idle()
  // Time in which the attempts of all 300 would be used up.
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  await redis.config('SET', 'maxmemory', '0')

  expect((await caller).json()).toMatchObject({ status: 'ok', updated: 300, errors: 0 })
  expect(await redis.zcard('rollcall:{0}:refresh:failed')).toBe(0)
  expect(backend.requests.length).toBeLessThan(330)
})

test('without a worker refreshes wait in the queue, and readiness says so', async () => {
  const { url } = await ownRedis()
  const { rollcall } = await startWith(url, { workers: 0 })
  expect(await health(rollcall)).toEqual({
    live: 200,
    ready: 200,
    status: 'degraded',
    reasons: ['No worker is alive: refreshes wait in the queue'],
  })
  const caller = post(rollcall, ['john', 'mary'])
  await until(() => rollcall.api.waiting()).toEqual({ callers: 1, users: 2 })
  await rollcall.startWorker()
  expect((await caller).json()).toMatchObject({ status: 'ok', updated: 2 })
  await until(() => health(rollcall)).toEqual(WELL)
})

test('an api that ends is not ready any more', async () => {
  const { url } = await ownRedis()
  const { backend, rollcall } = await startWith(url, { env: { SHUTDOWN_DEADLINE_MS: '20000' } })
  const held = backend.hold('slow')
  const caller = post(rollcall, ['slow'])
  await backend.arrived('slow')
  const stopped = rollcall.api.stop()
  held.release()
  expect((await caller).status).toBe(200)
  await stopped
  await expect(rollcall.send('/health/ready')).rejects.toThrow(/ECONNREFUSED/)
})
