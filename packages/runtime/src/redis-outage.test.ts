import { once } from 'node:events'
import type { BareJid } from '@rollcall/roster'
import type { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { LIMITS } from '../../../test/support/fresh-store.ts'
import { ownRedis } from '../../../test/support/processes.ts'
import { createLog } from './log/index.ts'
import { connectRedis, connectSubscriber, type RedisRole } from './redis.ts'
import { whenReady } from './redis-check.ts'
import { isRedisTrouble, RedisUnavailableError } from './redis-trouble.ts'
import { PRIORITY, refreshQueue } from './refresh-queue.ts'
import { rosterStore } from './store/roster-store.ts'

// Each test has a Redis of its own to stop and to start again.

const TIMEOUT_MS = 2000
/** Nothing waits this long. */
const BACK_MS = 15_000
const john = 'john@example.org' as BareJid

function connect(url: string, role: RedisRole, lines: string[] = []): Redis {
  const log = createLog({ level: 'info', name: 'test', destination: { write: (line) => void lines.push(line) } })
  const place = { kind: 'one', url } as const
  const redis = connectRedis({ place, role, name: `test-${role}`, timeoutMs: TIMEOUT_MS, log }) as Redis
  onTestFinished(() => redis.disconnect())
  return redis
}

/** The port is the same before and after, as with a Redis that restarts. */
async function restartable() {
  const first = await ownRedis()
  const stop = async (redis: Redis): Promise<void> => {
    // Not by `once`, which takes an error that breaks the connection for its own.
    const closed = new Promise<void>((resolve) => redis.once('close', resolve))
    await first.stop()
    await closed
  }
  return { url: first.url, stop, startAgain: () => ownRedis({ port: first.port }) }
}

const errorOf = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => null,
    (error: unknown) => error,
  )

test('Redis goes away and comes back: the queue fails at once, then takes users again', async () => {
  const { url, stop, startAgain } = await restartable()
  const redis = connect(url, 'request')
  await whenReady(redis, BACK_MS)
  const queue = refreshQueue({ redis, shards: 1, producer: 'test', attempts: 1, backoffMs: 1 })
  await queue.enqueue([john], PRIORITY.bulk)
  await stop(redis)
  for (const priority of [PRIORITY.bulk, PRIORITY.login]) {
    await expect(queue.enqueue([john], priority)).rejects.toThrow(RedisUnavailableError)
  }
  await startAgain()
  await whenReady(redis, BACK_MS)
  await queue.enqueue([john], PRIORITY.bulk)
  await queue.close()
})

test('Redis is away at the start: the queue fails at once, and works when Redis is there', async () => {
  const { url, startAgain } = await restartedLater()
  const redis = connect(url, 'request')
  const queue = refreshQueue({ redis, shards: 1, producer: 'test', attempts: 1, backoffMs: 1 })
  await expect(queue.enqueue([john], PRIORITY.small)).rejects.toThrow(RedisUnavailableError)
  await startAgain()
  await whenReady(redis, BACK_MS)
  await queue.enqueue([john], PRIORITY.small)
  await queue.close()

  async function restartedLater() {
    const server = await ownRedis()
    await server.stop()
    return { url: server.url, startAgain: () => ownRedis({ port: server.port }) }
  }
})

test('G8: a store whose Redis restarted empty is given its scripts and an epoch again', async () => {
  const { url, stop, startAgain } = await restartable()
  const redis = connect(url, 'request')
  await whenReady(redis, BACK_MS)
  const store = rosterStore({ redis, shards: 1, ...LIMITS })
  const before = await store.request(0, [john], '')
  await stop(redis)
  expect(isRedisTrouble(await errorOf(store.request(0, [john], '')))).toBe(true)
  await startAgain()
  await whenReady(redis, BACK_MS)
  const after = await store.request(0, [john], '')
  expect(after.epoch).not.toBe(before.epoch)
  expect(after.at(0).generation).toBe(1)
})

test('role request: a command fails when Redis is away, one on its way when it dies, one when it hangs', async () => {
  const server = await ownRedis()
  const redis = connect(server.url, 'request')
  await whenReady(redis, BACK_MS)
  server.child.kill('SIGSTOP')
  expect(isRedisTrouble(await errorOf(redis.ping()))).toBe(true)
  server.child.kill('SIGCONT')
  await whenReady(redis, BACK_MS)
  expect(await redis.ping()).toBe('PONG')
  server.child.kill('SIGSTOP')
  const call = errorOf(redis.ping())
  server.child.kill('SIGKILL')
  expect(isRedisTrouble(await call)).toBe(true)
  expect(isRedisTrouble(await errorOf(redis.ping()))).toBe(true)
})

test('role background: a command waits for Redis to come back', async () => {
  const { url, stop, startAgain } = await restartable()
  const redis = connect(url, 'background')
  await whenReady(redis, BACK_MS)
  await stop(redis)
  const answer = redis.ping()
  await startAgain()
  expect(await answer).toBe('PONG')
})

test('a subscriber hears again after Redis was away', async () => {
  const { url, stop, startAgain } = await restartable()
  const log = createLog({ level: 'silent', name: 'test' })
  const place = { kind: 'one', url } as const
  const subscriber = connectSubscriber(connect(url, 'request'), {
    place,
    name: 'test',
    timeoutMs: TIMEOUT_MS,
    log,
  }) as Redis
  onTestFinished(() => subscriber.disconnect())
  await subscriber.subscribe('channel')
  await stop(subscriber)
  await startAgain()
  await whenReady(subscriber, BACK_MS)
  const heard = once(subscriber, 'message')
  const publisher = connect(url, 'background')
  while ((await publisher.publish('channel', 'here again')) === 0); // until it has subscribed again
  expect(await heard).toEqual(['channel', 'here again'])
})

test('one line tells that Redis is away, one that it is back', async () => {
  const { url, stop, startAgain } = await restartable()
  const lines: string[] = []
  const redis = connect(url, 'request', lines)
  await whenReady(redis, BACK_MS)
  expect(lines).toEqual([])
  await stop(redis)
  for (let attempt = 0; attempt < 3; attempt++) await new Promise((resolve) => redis.once('reconnecting', resolve))
  await startAgain()
  await whenReady(redis, BACK_MS)
  const told = lines.map((line) => JSON.parse(line) as { level: string; msg: string; connection: string })
  expect(told).toMatchObject([
    { level: 'warn', msg: 'Redis is not reachable; trying again until it is', connection: 'test-request' },
    { level: 'info', msg: 'Redis is back' },
  ])
})
