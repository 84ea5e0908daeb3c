import type { Domain, FailureCode } from '@rollcall/roster'
import { expect, test } from 'vitest'
import { recentFetches } from './recent-fetches.ts'
import type { Fetches } from './worker-numbers.ts'

const domain = 'example.org' as Domain

/** A backend, and what is told of it. */
function scene(windowMs?: number) {
  let counts: Fetches = { domain, all: 0, failed: 0, unknown: 0, lastFailure: undefined }
  const told = recentFetches(() => [counts], windowMs)
  return {
    told,
    goes(by: Partial<Pick<Fetches, 'all' | 'failed' | 'unknown'>>, code?: FailureCode, message = '') {
      const lastFailure = code ? { code, message, at: performance.now() } : counts.lastFailure
      const more = (count: 'all' | 'failed' | 'unknown') => counts[count] + (by[count] ?? 0)
      counts = { domain, all: more('all'), failed: more('failed'), unknown: more('unknown'), lastFailure }
    },
  }
}

test('a backend that nobody asked is not told of', () => {
  expect(scene().told()).toEqual([])
})

test('what failed is told with the last reason, and with how long ago that was', () => {
  const { told, goes } = scene()
  goes({ all: 9, failed: 2, unknown: 3 }, 'backend-status', 'The backend answered 401')
  expect(told()).toEqual([
    {
      domain,
      all: 9,
      failed: 2,
      unknown: 3,
      lastFailure: 'backend-status: The backend answered 401',
      sinceFailureMs: expect.any(Number),
    },
  ])
})

test('what a roster is invalid for is not told to everybody', () => {
  const { told, goes } = scene()
  goes({ all: 1, failed: 1 }, 'roster-invalid', 'Contact secret@example.org: …')
  expect(told()).toMatchObject([{ lastFailure: 'roster-invalid' }])
})

test('what is longer ago is not told of', () => {
  const { told, goes } = scene(0)
  goes({ all: 5, failed: 5 }, 'backend-timeout')
  expect(told()).toMatchObject([{ all: 5, failed: 5 }])
  goes({ all: 2 })
  expect(told()).toEqual([{ domain, all: 2, failed: 0, unknown: 0 }])
})
