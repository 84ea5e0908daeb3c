import type { Domain } from '@rollcall/roster'
import { bucketField, bucketOf, HISTORY } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { recentOf } from './recent.ts'

const domain = 'example.org' as Domain
const MINUTE = 60
const begin = 1_800_000_000 // of a minute
const step = (counts: Record<string, number>): ReadonlyMap<string, number> => new Map(Object.entries(counts))
/** The minute before, and the one that has run for so many seconds. */
const minutes = (before: Record<string, number>, running: Record<string, number>, seconds: number) =>
  recentOf({
    at: [begin - MINUTE, begin],
    steps: [step(before), step(running)],
    now: (begin + seconds) * 1000,
  })

test('rates are of the last 60 s: of the minute before, what of it is in them', () => {
  expect(minutes({ reads: 600 }, { reads: 100 }, 15).rates.readsPerSecond).toBeCloseTo((600 * 0.75 + 100) / 60, 2)
  expect(minutes({ reads: 600 }, {}, 59).rates.readsPerSecond).toBeCloseTo(600 / 60 / 60, 2)
  expect(minutes({}, {}, 30).rates).toEqual({
    refreshesPerSecond: 0,
    usersPerSecond: 0,
    changedPerSecond: 0,
    failedPerSecond: 0,
    readsPerSecond: 0,
  })
})

test('errors are shares of all users that settled, the most frequent first', () => {
  const counts = { 'users:changed': 6, 'users:unchanged': 1, 'users:backend-status': 1, 'users:backend-timeout': 2 }
  expect(minutes({}, counts, 30).errors).toEqual([
    { code: 'backend-timeout', count: 2, share: 0.2 },
    { code: 'backend-status', count: 1, share: 0.1 },
  ])
})

test('latency is of all steps together', () => {
  const { latency } = minutes(
    { [bucketField('settle', bucketOf(20))]: 90 },
    { [bucketField('settle', bucketOf(4000))]: 10 },
    30,
  )
  expect(latency.p50Ms).toBeLessThanOrEqual(20)
  expect(latency.p95Ms).toBeGreaterThan(3000)
})

test('of a backend that was not asked nothing is known', () => {
  expect(minutes({}, {}, 30).ofBackend(domain)).toEqual({
    fetchesPerSecond: 0,
    errorShare: 0,
    latency: { p50Ms: null, p95Ms: null, p99Ms: null },
    wasAsked: false,
  })
  const asked = { [HISTORY.answered(domain)]: 30, [HISTORY.failed(domain)]: 10 }
  expect(minutes({}, asked, 30).ofBackend(domain)).toMatchObject({ errorShare: 0.25, wasAsked: true })
})
