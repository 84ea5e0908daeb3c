import type { Domain } from '@rollcall/roster'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { freshRedisUrl } from '../../../../test/support/fresh-redis.ts'
import { historyKey } from '../keys.ts'
import { bucketsIn, HISTORY, type History, history, RESOLUTIONS, type Resolution, sumIn } from './history.ts'
import { lookBack } from './look-back.ts'
import { recorder } from './recorder.ts'
import { BUCKETS, bucketField, percentile } from './time-buckets.ts'
import { startWritingHistory } from './write-history.ts'

/** Processes write every two seconds. */
const PATIENT = { timeout: 60_000 }

const domain = 'example.org' as Domain
let redis: Redis
let past: History

beforeAll(async () => {
  redis = new Redis(await freshRedisUrl())
  past = history(redis, [domain])
})
beforeEach(() => redis.flushdb())
afterAll(() => redis.disconnect())

let writes = 0
const count = (counts: Readonly<Record<string, number>>) =>
  past.count({ writer: 'worker-1', number: ++writes, counts: new Map(Object.entries(counts)) })
const last = (resolution: Resolution, steps: number) =>
  lookBack({ history: past, resolution, count: steps, make: (step) => step })()
const counted = async (field: string) => sumIn(field, (await last('30m', 2)).steps)

const all = Object.keys(RESOLUTIONS) as Resolution[]

test('what processes count is added up in each resolution, and expires', async () => {
  await count({ reads: 5 })
  await count({ reads: 7, refreshes: 1 })
  for (const resolution of all) {
    const { steps } = await last(resolution, 2) // the first one may have been of the step before
    expect(sumIn('reads', steps)).toBe(12)
    expect(sumIn('refreshes', steps)).toBe(1)
  }
  const keys = (await redis.keys('*')).filter((key) => key.startsWith('rollcall:{history}:30m'))
  const ttl = await redis.ttl(keys[0] ?? '')
  expect(ttl).toBeGreaterThan(RESOLUTIONS['30m'].keptS - 60)
})

test('of what is measured the largest of a step stays', async () => {
  await past.measure(new Map([['most:open', 10]]))
  await past.measure(new Map([['most:open', 7]]))
  await past.measure(new Map([['most:open', 12.5]]))
  const { steps } = await last('30m', 2) // they may have been of the step before
  expect(Math.max(...steps.map((step) => step.get('most:open') ?? 0))).toBe(12.5)
})

test('steps are named by their beginnings, the oldest first; those in which nothing was counted are empty', async () => {
  await count({ reads: 1 })
  const { at, steps, now } = await last('1m', 3)
  expect(at.map((second) => second % 60)).toEqual([0, 0, 0])
  expect(at[2]).toBe(Math.floor(now / 60_000) * 60)
  expect((at[2] ?? 0) - (at[0] ?? 0)).toBe(120)
  expect(steps[0]?.size).toBe(0)
})

test('a process writes down what came since it last did, and the rest when it ends', async () => {
  const numbers = recorder('api')
  const reads = numbers.counter('reads', { result: 'stored' }, 'reads')
  const stale = numbers.counter('reads', { result: 'stale' }, 'reads')
  const settle = recorder('worker')
  const times = settle.times('noticeToSettled', {}, 'settle')
  const stop = startWritingHistory(numbers, past, 'api-1')
  const stopOther = startWritingHistory(settle, past, 'worker-2')
  reads.n += 3
  await expect.poll(() => counted('reads'), PATIENT).toBe(3)
  reads.n += 1
  stale.n += 5
  for (let i = 0; i < 100; i++) times.record(i < 50 ? 10 : 400)
  await Promise.all([stop(), stopOther()])
  expect(await counted('reads')).toBe(9)
  const { steps } = await last('30m', 2)
  const counts = bucketsIn('settle', steps)
  expect(percentile(counts, 0.95)).toBeGreaterThan(300)
  expect(percentile(counts, 0.95)).toBeLessThanOrEqual(500)
})

test('a write of a process that is repeated counts once; another process has writes of its own', async () => {
  const write = { writer: 'worker-1', number: 7, counts: new Map([['reads', 2]]) }
  await past.count(write)
  await past.count(write)
  await past.count({ ...write, number: 6 }) // late: it came a second time after the next one
  expect(await counted('reads')).toBe(2)
  await past.count({ ...write, writer: 'worker-2', number: 1 })
  await past.count({ ...write, number: 8 })
  expect(await counted('reads')).toBe(6)
})

test.each([
  ['did not reach Redis', false],
  ['had no answer', true],
])('what is in a write that %s counts once', async (_what, reaches) => {
  const numbers = recorder('api')
  const reads = numbers.counter('reads', { result: 'stored' }, 'reads')
  let isAway = true
  let failed = 0
  const stop = startWritingHistory(
    numbers,
    {
      async count(write) {
        if (!isAway || reaches) await past.count(write)
        if (!isAway) return
        failed++
        throw new Error('Redis is away')
      },
    },
    'api-1',
  )
  reads.n = 4
  await expect.poll(() => failed, PATIENT).toBeGreaterThan(0)
  reads.n = 6
  isAway = false
  await stop()
  expect(await counted('reads')).toBe(6)
})

test('what was counted while Redis was away for minutes is not told of the one in which it is back', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const numbers = recorder('api')
  const reads = numbers.counter('reads', { result: 'failed' }, 'reads')
  let isAway = false
  let told = 0
  const stop = startWritingHistory(
    numbers,
    {
      async count({ counts }) {
        if (isAway) throw new Error('Redis is away')
        told += counts.get('reads') ?? 0
      },
    },
    'api-1',
  )
  const readFor = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      reads.n += 10
      await vi.advanceTimersByTimeAsync(1_000)
    }
  }
  isAway = true
  await readFor(50)
  isAway = false
  await readFor(10)
  expect(told).toBeGreaterThan(500) // of the last minute
  isAway = true
  await readFor(600)
  isAway = false
  told = 0
  await readFor(60)
  expect(told).toBeGreaterThan(500)
  expect(told).toBeLessThanOrEqual(620) // of a minute, and of the write that had no answer
  await stop()
})

test('what is of a domain stands in small hashes of its own, and is read with the rest', async () => {
  const all = (field: string) => Array.from({ length: BUCKETS }, (_, i) => [bucketField(field, i), 1_000_000] as const)
  const other = 'other.example' as Domain
  await count({ reads: 1, ...Object.fromEntries([domain, other].flatMap((of) => all(HISTORY.fetch(of)))) })
  expect(bucketsIn(HISTORY.fetch(domain), (await last('5m', 2)).steps)).toEqual(new Array(BUCKETS).fill(1_000_000))
  expect(await counted(bucketField(HISTORY.fetch(other), 0))).toBe(0) // not of those that are read
  const steps = (await redis.keys('*')).filter((key) => /:\d+m:/.test(key))
  expect(steps).toHaveLength(3 * 3)
  for (const key of steps) {
    expect(await redis.object('ENCODING', key)).toBe('listpack')
    expect(await redis.ttl(key)).toBeGreaterThan(0)
  }
})

test('a call is one command, whatever the number of counts', async () => {
  await count({ reads: 1 }) // from now on Redis knows the script
  const sent = vi.spyOn(redis, 'sendCommand')
  await count(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`fetch:example.org:${i}`, 1])))
  expect(sent).toHaveBeenCalledOnce()
  sent.mockRestore()
  const step = Math.floor(Date.now() / 60_000)
  expect(await redis.exists(historyKey('1m', step), historyKey('1m', step - 1))).toBeGreaterThan(0)
})
