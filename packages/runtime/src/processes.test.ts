import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { hostname } from 'node:os'
import type { Domain, ProcessRole } from '@rollcall/roster'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freshRedisUrl } from '../../../test/support/fresh-redis.ts'
import { PROCESSES_KEY, processKey } from './keys.ts'
import { loadMeter } from './process-load.ts'
import {
  type BrokenBackend,
  heardProcesses,
  liveProcesses,
  type ProcessReport,
  startHeartbeat,
  unservedShards,
} from './processes.ts'

/** A beat may come late on a busy machine, and a process be gone until then. */
const PATIENT = { timeout: 60_000 }

let redis: Redis

beforeAll(async () => {
  redis = new Redis(await freshRedisUrl())
})
beforeEach(() => redis.flushdb())
afterAll(() => redis.disconnect())

const beat = (id: string, role: ProcessRole = 'worker', intervalMs = 60_000) =>
  startHeartbeat({ redis, id, role, version: '1.2.3', shards: 1, intervalMs })

const live = async () => (await liveProcesses(redis)).map(({ id }) => id)

test('a process says what it is', async () => {
  const stop = beat('one', 'api')
  expect(await liveProcesses(redis)).toEqual([
    {
      id: 'one',
      role: 'api',
      host: expect.any(String),
      pid: process.pid,
      version: '1.2.3',
      shards: 1,
      intervalMs: 60_000,
      startedAt: expect.any(String),
      upMs: expect.any(Number),
      silentMs: expect.any(Number),
    },
  ])
  await stop()
})

test('what it says of its backends is as it is at each beat', async () => {
  const broken: BrokenBackend[] = []
  const intervalMs = 100
  const stop = startHeartbeat({
    redis,
    id: 'one',
    role: 'worker',
    version: '1.2.3',
    shards: 1,
    intervalMs,
    broken: () => broken,
  })
  const told = async () => (await liveProcesses(redis)).map((process) => process.broken)
  await expect.poll(told, PATIENT).toEqual([undefined])
  broken.push({ domain: 'example.org' as Domain, since: '2026-01-01T00:00:00.000Z', reason: 'refused' })
  await expect.poll(told, PATIENT).toEqual([broken])
  await stop()
})

test('it says who of its role ran on its host when it started', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const ended = spawn(process.execPath, ['-e', ''])
  await once(ended, 'exit')
  try {
    const said = { role: 'worker', host: hostname(), pid: child.pid, version: '1.2.3', shards: 1, intervalMs: 60_000 }
    const say = async (id: string, more: object = {}) => {
      const report = { ...said, id, startedAt: '2026-01-01T00:00:00.000Z', ...more }
      await redis.set(processKey(id), JSON.stringify(report), 'PX', 120_000)
      await redis.zadd(PROCESSES_KEY, 0, id)
    }
    await say('runs')
    await say('ended', { pid: ended.pid })
    await say('elsewhere', { host: 'other.example' })
    await say('other-role', { role: 'api' })
    const stop = beat('new', 'worker', 100)
    const beside = async () => (await liveProcesses(redis)).find(({ id }) => id === 'new')?.beside
    await expect.poll(beside, PATIENT).toEqual(['runs'])
    await stop()
  } finally {
    child.kill()
  }
})

test('it is gone at once when it says goodbye', async () => {
  const [stopOne, stopTwo] = [beat('one'), beat('two')]
  expect((await live()).sort()).toEqual(['one', 'two'])
  await stopOne()
  expect(await live()).toEqual(['two'])
  await stopTwo()
  expect(await live()).toEqual([])
  expect(await redis.dbsize()).toBe(0)
})

test('one that died is not listed, and taken off the list', async () => {
  const stop = beat('one')
  await live()
  await redis.zadd(PROCESSES_KEY, 0, 'died')
  expect(await live()).toEqual(['one'])
  expect(await redis.zrange(PROCESSES_KEY, '0', '-1')).toEqual(['one'])
  await stop()
})

test('its word is good for three beats; then it is remembered as one that fell silent', async () => {
  const stop = beat('one', 'worker', 20_000)
  expect(await live()).toEqual(['one'])
  const heardAgo = (ms: number) => redis.pexpire(processKey('one'), 120_000 - ms)
  await heardAgo(30_000)
  expect(await live()).toEqual(['one'])
  await heardAgo(61_000)
  expect(await live()).toEqual([])
  const [heard] = await heardProcesses(redis)
  expect(heard).toMatchObject({ id: 'one', pid: process.pid })
  expect(heard?.silentMs).toBeGreaterThanOrEqual(61_000)
  expect(heard?.silentMs).toBeLessThan(90_000)
  await stop()
})

test.each([
  ['is no JSON', '{not json'],
  ['is null', 'null'],
  ['is of a version that says other things', '{"id":"strange","role":"oracle"}'],
])('a heartbeat that %s hides no other process', async (_what, text) => {
  const stop = beat('one')
  await redis.set(processKey('strange'), text, 'PX', 60_000)
  await redis.zadd(PROCESSES_KEY, 0, 'strange')
  expect((await heardProcesses(redis)).map(({ id }) => id)).toEqual(['one'])
  await stop()
})

test('of a heartbeat of another version counts what is said as this one says it', async () => {
  const stop = beat('one')
  const [own] = await heardProcesses(redis)
  const other = {
    ...own,
    id: 'other',
    stuck: 'yes',
    broken: [{ host: 'x' }],
    fetches: [{ domain: 'a' }],
    targets: ['crm'],
  }
  await redis.set(processKey('other'), JSON.stringify(other), 'PX', 60_000)
  await redis.zadd(PROCESSES_KEY, 0, 'other')
  const heard = (await heardProcesses(redis)).find(({ id }) => id === 'other')
  expect(heard).toMatchObject({ role: 'worker', targets: ['crm'] })
  expect([heard?.stuck, heard?.broken, heard?.fetches]).toEqual([undefined, undefined, undefined])
  await stop()
})

test('what it takes and does is as it is at each beat', async () => {
  const measure = loadMeter({ done: () => performance.now() * 5, inHand: () => 7 })
  const stop = startHeartbeat({
    redis,
    id: 'one',
    role: 'worker',
    version: '1',
    shards: 1,
    intervalMs: 50,
    load: measure,
  })
  const load = async () => (await liveProcesses(redis))[0]?.load
  await expect.poll(load).toMatchObject({ inHand: 7, rssBytes: expect.any(Number), cpu: expect.any(Number) })
  await expect.poll(async () => Math.round(((await load())?.perSecond ?? 0) / 1000)).toBe(5)
  await stop()
})

test('it goes on saying so, also to a Redis that has lost its data', async () => {
  const stop = beat('one', 'worker', 100)
  await expect.poll(live, PATIENT).toEqual(['one'])
  await redis.flushdb()
  await expect.poll(live, PATIENT).toEqual(['one'])
  await stop()
})

test('a Redis that is away does not end the process', async () => {
  const away = new Redis({ port: 1, lazyConnect: true, enableOfflineQueue: false, retryStrategy: () => null })
  away.on('error', () => {})
  const stop = startHeartbeat({ redis: away, id: 'one', role: 'worker', version: '1', shards: 1, intervalMs: 60_000 })
  await expect(stop()).rejects.toThrow()
})

test('a worker says which of its loops stand still, from one beat to the next', async () => {
  let stuck: number[] = []
  const stop = startHeartbeat({
    redis,
    id: 'one',
    role: 'worker',
    version: '1',
    shards: 4,
    intervalMs: 100,
    stuck: () => stuck,
  })
  const said = async () => (await liveProcesses(redis)).map((report) => report.stuck)
  await expect.poll(said, PATIENT).toEqual([undefined])
  stuck = [0, 3]
  await expect.poll(said, PATIENT).toEqual([[0, 3]])
  stuck = []
  await expect.poll(said, PATIENT).toEqual([undefined])
  await stop()
})

describe('of 4 shards', () => {
  const process = (role: ProcessRole, serves?: readonly number[]) =>
    ({ role, ...(serves && { serves }) }) as ProcessReport

  test.each<[what: string, processes: readonly ProcessReport[], unserved: readonly number[]]>([
    ['no process serves any', [], [0, 1, 2, 3]],
    ['an api serves none', [process('api')], [0, 1, 2, 3]],
    ['a worker that names none serves all', [process('worker')], []],
    ['two share them', [process('worker', [0, 3]), process('worker', [1, 2])], []],
    ['two leave some', [process('worker', [0]), process('worker', [0, 2])], [1, 3]],
    ['one that serves all makes up for it', [process('worker', [0]), process('worker')], []],
  ])('%s', (_what, processes, unserved) => {
    expect(unservedShards(processes, 4)).toEqual(unserved)
  })
})
