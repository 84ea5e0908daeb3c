import type { Domain } from '@rollcall/roster'
import { bucketField, bucketOf, HISTORY } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { chartsOf, figuresOf } from './charts.ts'

const domain = 'example.org' as Domain
const quiet = 'quiet.example' as Domain
const begin = 1_800_000_000 // of a minute

/** Three minutes, of which the last one has run for so many seconds. */
function charts(steps: readonly Record<string, number>[], seconds = 30) {
  const made = steps.map((counts) => figuresOf(new Map(Object.entries(counts)), [domain, quiet]))
  return chartsOf('1h', { at: [begin - 120, begin - 60, begin], steps: made, now: (begin + seconds) * 1000 })
}

test('counts are shown as rates, of the running minute by what of it is over', () => {
  const { at, reads, users, changed, failed, errors } = charts([
    { reads: 600, 'users:changed': 60 },
    { 'users:unchanged': 120, 'users:backend-status': 60 },
    { reads: 90 },
  ])
  expect(at).toEqual([begin - 120, begin - 60, begin])
  expect(reads).toEqual([10, 0, 3])
  expect(users).toEqual([1, 3, 0])
  expect(changed).toEqual([1, 0, 0])
  expect(failed).toEqual([0, 1, 0])
  expect(errors).toEqual({ 'backend-status': [0, 1, 0] })
})

test('a minute that has just begun is not shown: what is in it may be of two seconds, or of none', () => {
  const { at, reads, latency } = charts([{ reads: 60 }, { reads: 60 }, { reads: 60 }], 2)
  expect([at.length, reads, latency.p50Ms]).toEqual([2, [1, 1], [null, null]])
})

test('times are told by step, null where nothing was counted or measured, and only of whom there is something to tell', () => {
  const { latency, fetchP95Ms, openUsers, targetLagMs } = charts([
    { [bucketField(HISTORY.settle, bucketOf(100))]: 1, [HISTORY.openUsers]: 7 },
    { [HISTORY.answered(domain)]: 1, [bucketField(HISTORY.fetch(domain), bucketOf(20))]: 1 },
    { [`${HISTORY.lag}crm`]: 1_500 },
  ])
  expect(latency.p99Ms).toEqual([expect.closeTo(100), null, null])
  expect(openUsers).toEqual([7, null, null])
  expect(fetchP95Ms).toEqual({ [domain]: [null, expect.closeTo(20, -1), null] })
  expect(targetLagMs).toEqual({ crm: [null, null, 1_500] })
})
