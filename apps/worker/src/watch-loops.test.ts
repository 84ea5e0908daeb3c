import { createLog } from '@rollcall/runtime'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchLoops } from './watch-loops.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const STUCK_MS = 1000
const LOOK_MS = STUCK_MS / 10

/** A loop that stands still although jobs wait and places are free, unless told otherwise. */
function watched() {
  const lines: string[] = []
  const log = createLog({ level: 'info', name: 'test', destination: { write: (line) => void lines.push(line) } })
  const loop = { turns: 0, full: false }
  const redis = { takeable: async (): Promise<number> => 7 }
  const watch = watchLoops({
    loops: [
      { shard: 0, turns: () => performance.now(), isFull: () => false }, // goes round all the time
      { shard: 1, turns: () => loop.turns, isFull: () => loop.full },
    ],
    queue: { takeable: () => redis.takeable() },
    workerStuckMs: STUCK_MS,
    log,
  })
  let hopeless = false
  void watch.hopeless.then(() => {
    hopeless = true
  })
  return {
    loop,
    redis,
    watch,
    isHopeless: () => hopeless,
    told: () => lines.map((line) => JSON.parse(line) as { msg: string; shard: number }),
    looks: (count: number) => vi.advanceTimersByTimeAsync(count * LOOK_MS),
  }
}

test('a loop that stands still is told of once, and is hopeless after as long again', async () => {
  const { looks, watch, told, isHopeless } = watched()
  await looks(10) // the first one learns how far the loop is
  expect(watch.stuck()).toEqual([])
  await looks(1)
  expect(watch.stuck()).toEqual([1])
  expect(isHopeless()).toBe(false)
  await looks(9)
  expect(isHopeless()).toBe(false)
  await looks(1)
  expect(isHopeless()).toBe(true)
  expect(told()).toEqual([expect.objectContaining({ shard: 1, msg: expect.stringContaining('This worker is stuck') })])
})

test('one that goes on again is told of, and counted anew', async () => {
  const { looks, loop, watch, told, isHopeless } = watched()
  await looks(19)
  loop.turns++
  await looks(1)
  expect(watch.stuck()).toEqual([])
  await looks(10)
  expect(watch.stuck()).toEqual([1])
  expect(isHopeless()).toBe(false)
  expect(told().map(({ msg }) => msg)).toEqual([
    expect.stringContaining('This worker is stuck'),
    'The loop of this worker goes on again',
    expect.stringContaining('This worker is stuck'),
  ])
})

test('one whose places are all taken is not stuck', async () => {
  const { looks, loop, watch } = watched()
  loop.full = true
  await looks(100)
  expect(watch.stuck()).toEqual([])
})

test.each<[string, () => Promise<number>]>([
  ['nothing waits, or the queue is paused', async () => 0],
  ['Redis refuses', () => Promise.reject(new Error('LOADING'))],
  ['Redis does not answer', () => new Promise(() => {})],
])('one is not stuck when %s', async (_, takeable) => {
  const { looks, redis, watch } = watched()
  redis.takeable = takeable
  await looks(100)
  expect(watch.stuck()).toEqual([])
})

test('when Redis was slow to answer, the count begins anew', async () => {
  const { looks, redis, watch } = watched()
  await looks(9)
  redis.takeable = () => new Promise((resolve) => setTimeout(resolve, 2 * LOOK_MS, 7))
  await looks(1)
  redis.takeable = async () => 7
  await looks(9)
  expect(watch.stuck()).toEqual([])
  await looks(5)
  expect(watch.stuck()).toEqual([1])
})

test('nothing is looked at any more once it has been stopped', async () => {
  const { looks, watch, told } = watched()
  watch.stop()
  await looks(100)
  expect(told()).toEqual([])
})
