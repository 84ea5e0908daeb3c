import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { freshRedisUrl } from '../../../../test/support/fresh-redis.ts'
import { historyKey } from '../keys.ts'
import { bucketsIn, type History, history, RESOLUTIONS, type Resolution, sumIn } from './history.ts'
import { recorder } from './recorder.ts'
import { percentile } from './time-buckets.ts'
import { startWritingHistory } from './write-history.ts'

let redis: Redis
let past: History

beforeAll(async () => {
  redis = new Redis(await freshRedisUrl())
  past = history(redis)
})
beforeEach(() => redis.flushdb())
afterAll(() => redis.disconnect())

const all = Object.keys(RESOLUTIONS) as Resolution[]

test('what processes count is added up in each resolution, and expires', async () => {
  await past.add(new Map([['reads', 5]]))
  await past.add(new Map([['reads', 7], ['refreshes', 1]])) // biome-ignore format: short
  for (const resolution of all) {
    const { steps } = await past.last(resolution, 2) // the first one may have been of the step before
    expect(sumIn('reads', steps)).toBe(12)
    expect(sumIn('refreshes', steps)).toBe(1)
  }
  const keys = (await redis.keys('*')).filter((key) => key.startsWith('rollcall:{history}:30m'))
  const ttl = await redis.ttl(keys[0] ?? '')
  expect(ttl).toBeGreaterThan(RESOLUTIONS['30m'].keptS - 60)
})

test('of what is measured the largest of a step stays', async () => {
  await past.add(new Map(), new Map([['most:open', 10]]))
  await past.add(new Map(), new Map([['most:open', 7]]))
  await past.add(new Map(), new Map([['most:open', 12.5]]))
  const { steps } = await past.last('30m', 1)
  expect(steps[0]?.get('most:open')).toBe(12.5)
})

test('steps are named by their beginnings, the oldest first; those in which nothing was counted are empty', async () => {
  await past.add(new Map([['reads', 1]]))
  const { at, steps, now } = await past.last('1m', 3)
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
  const stop = startWritingHistory(numbers, past)
  const stopOther = startWritingHistory(settle, past)
  const written = async () => sumIn('reads', (await past.last('30m', 2)).steps)
  reads.n += 3
  await expect.poll(written).toBe(3)
  reads.n += 1
  stale.n += 5
  for (let i = 0; i < 100; i++) times.record(i < 50 ? 10 : 400)
  await Promise.all([stop(), stopOther()])
  expect(await written()).toBe(9)
  const { steps } = await past.last('30m', 2)
  const counts = bucketsIn('settle', steps)
  expect(percentile(counts, 0.95)).toBeGreaterThan(300)
  expect(percentile(counts, 0.95)).toBeLessThanOrEqual(500)
})

test('what could not be written is written the next time, once', async () => {
  const numbers = recorder('api')
  const reads = numbers.counter('reads', { result: 'stored' }, 'reads')
  let away = true
  const added: number[] = []
  const stop = startWritingHistory(numbers, {
    async add(counts) {
      if (away) throw new Error('Redis is away')
      added.push(counts.get('reads') ?? 0)
    },
  })
  reads.n = 4
  await expect.poll(() => reads.n).toBe(4)
  away = false
  reads.n = 6
  await stop()
  expect(added.reduce((sum, one) => sum + one, 0)).toBe(6)
})

test('a call is one command, whatever the number of counts', async () => {
  await past.add(new Map([['reads', 1]])) // from now on Redis knows the script
  const sent = vi.spyOn(redis, 'sendCommand')
  await past.add(new Map(Array.from({ length: 200 }, (_, i) => [`fetch:example.org:${i}`, 1])))
  expect(sent).toHaveBeenCalledOnce()
  sent.mockRestore()
  const step = Math.floor(Date.now() / 60_000)
  expect(await redis.exists(historyKey('1m', step), historyKey('1m', step - 1))).toBeGreaterThan(0)
})
