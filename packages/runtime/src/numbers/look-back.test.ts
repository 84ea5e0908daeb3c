import { expect, test } from 'vitest'
import { lookBack } from './look-back.ts'

const MINUTE_MS = 60_000

/** A history in which each step has counted its own number, and where it is minute 1,000. */
function minutes() {
  let now = 1_000 * MINUTE_MS
  const read: number[] = []
  const look = lookBack({
    history: {
      now: async () => now,
      async read(_resolution, numbers) {
        read.push(...numbers)
        return numbers.map((number) => new Map([['reads', number]]))
      },
    },
    resolution: '1m',
    count: 100,
    make: (step) => step.get('reads'),
  })
  return {
    look,
    pass: (ms: number) => {
      now += ms
    },
    readOnce: () => read.splice(0).toSorted((a, b) => a - b),
  }
}

const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i)

test('steps come in their order, with their times', async () => {
  const { look } = minutes()
  const { at, steps, now } = await look()
  expect(steps).toEqual(from(901, 1_000))
  expect(at).toEqual(from(901, 1_000).map((minute) => minute * 60))
  expect(now).toBe(1_000 * MINUTE_MS)
})

test('a step that has ended is read once', async () => {
  const { look, pass, readOnce } = minutes()
  await look()
  expect(readOnce()).toEqual(from(901, 1_000))
  pass(10_000)
  expect((await look()).steps).toEqual(from(901, 1_000))
  expect(readOnce()).toEqual([999, 1_000])
  pass(3 * MINUTE_MS)
  expect((await look()).steps).toEqual(from(904, 1_003))
  expect(readOnce()).toEqual(from(999, 1_003))
})

test('steps that are shown no more are forgotten', async () => {
  const { look, pass, readOnce } = minutes()
  await look()
  pass(50 * MINUTE_MS)
  await look()
  readOnce()
  pass(-50 * MINUTE_MS) // as nobody does but a test
  await look()
  expect(readOnce()).toEqual(from(901, 950))
})

test('after a long time nobody looked, all is read anew', async () => {
  const { look, pass, readOnce } = minutes()
  await look()
  readOnce()
  pass(500 * MINUTE_MS)
  expect((await look()).steps).toEqual(from(1_401, 1_500))
  expect(readOnce()).toEqual(from(1_401, 1_500))
})
