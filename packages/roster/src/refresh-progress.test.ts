import { expect, test } from 'vitest'
import { RefreshProgress } from './refresh-progress.ts'

test('the progress of a refresh', () => {
  const progress = {
    id: 'r1',
    caller: 'app',
    domain: 'example.org',
    state: 'running',
    acceptedAt: '2026-01-02T03:04:05.678Z',
    total: 3,
    updated: 1,
    changed: 0,
    errors: 1,
    pending: 1,
    failures: [{ username: 'john', code: 'user-unknown', message: 'The backend answered 404' }],
  }
  expect(RefreshProgress.parse(progress)).toEqual(progress)
  expect(RefreshProgress.safeParse({ ...progress, state: 'failed' }).success).toBe(false)
  expect(
    RefreshProgress.safeParse({ ...progress, failures: [{ ...progress.failures[0], code: 'oops' }] }).success,
  ).toBe(false)
})
