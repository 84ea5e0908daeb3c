import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BOUNDS_MS, BUCKETS, bucketField, bucketOf, percentile } from './time-buckets.ts'

const times = fc.array(fc.double({ min: 0, max: 900_000, noNaN: true }), { minLength: 1, maxLength: 500 })
const share = fc.double({ min: 0.01, max: 1, noNaN: true })

function countsOf(all: readonly number[]): number[] {
  const counts = new Array<number>(BUCKETS).fill(0)
  for (const ms of all) counts[bucketOf(ms)] = (counts[bucketOf(ms)] ?? 0) + 1
  return counts
}

test('bounds grow, each to 1.6 times the last at most, and to 1.28 times where people look', () => {
  for (let i = 1; i < BOUNDS_MS.length; i++) {
    const [before = 1, bound = 0] = BOUNDS_MS.slice(i - 1, i + 1)
    expect(bound / before).toBeGreaterThan(1)
    expect(bound / before).toBeLessThanOrEqual(before >= 10 && bound <= 100_000 ? 1.28 : 1.6)
  }
})

test('each bucket has a field of its own, which says its bound', () => {
  const fields = Array.from({ length: BUCKETS }, (_, bucket) => bucketField('settle', bucket))
  expect(new Set(fields).size).toBe(BUCKETS)
  expect(fields[bucketOf(3000)]).toBe('settle:3200ms')
  expect(fields.at(-1)).toBe('settle:more')
})

test('a time counts in the first bucket whose bound it does not exceed', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 2_000_000, noNaN: true }), (ms) => {
      const at = BOUNDS_MS.findIndex((bound) => ms <= bound)
      expect(bucketOf(ms)).toBe(at === -1 ? BOUNDS_MS.length : at)
    }),
  )
})

test('a percentile is in the bucket of the exact one', () => {
  fc.assert(
    fc.property(times, share, (all, of) => {
      const exact = all.toSorted((a, b) => a - b)[Math.ceil(of * all.length) - 1] ?? 0
      const told = percentile(countsOf(all), of) ?? Number.NaN
      const bucket = bucketOf(exact)
      expect(told).toBeGreaterThanOrEqual(BOUNDS_MS[bucket - 1] ?? 0)
      expect(told).toBeLessThanOrEqual(BOUNDS_MS[bucket] ?? Number.POSITIVE_INFINITY)
    }),
  )
})

test('of nothing there is no percentile', () => {
  expect(percentile(countsOf([]), 0.5)).toBe(null)
})

test('times that are spread evenly have the percentiles that they should', () => {
  const counts = countsOf(Array.from({ length: 100_000 }, (_, i) => i / 100)) // 0 to 1,000 ms
  expect(percentile(counts, 0.5)).toBeCloseTo(500, 0)
  expect(percentile(counts, 0.95)).toBeCloseTo(950, 0)
  expect(percentile(counts, 0.99)).toBeCloseTo(990, 0)
})
