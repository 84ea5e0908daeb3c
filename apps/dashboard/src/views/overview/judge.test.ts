import type { OpsProcess } from '@rollcall/roster'
import { expect, test } from 'vitest'
import { errorShareOf, headcount, sharesOf } from './judge.ts'

test('the error share is that of all codes together, and never more than all', () => {
  expect(errorShareOf([])).toBe(0)
  expect(
    errorShareOf([
      { code: 'backend-timeout', count: 2, share: 0.2 },
      { code: 'roster-invalid', count: 1, share: 0.1 },
    ]),
  ).toBeCloseTo(0.3)
  expect(errorShareOf([{ code: 'backend-timeout', count: 2, share: 1.0001 }])).toBe(1)
})

test('a share of nothing is not known', () => {
  expect(sharesOf([1, 0, 0], [4, 2, 0])).toEqual([0.25, 0, null])
})

test('who is stuck or silent is not counted as alive', () => {
  const process = (role: OpsProcess['role'], state: OpsProcess['state']) => ({ role, state }) as OpsProcess
  const processes = [
    process('worker', 'alive'),
    process('worker', 'stuck'),
    process('worker', 'silent'),
    process('api', 'alive'),
  ]
  expect(headcount(processes, 'worker')).toEqual({ alive: 1, stuck: 1, gone: 1 })
  expect(headcount(processes, 'gateway')).toEqual({ alive: 0, stuck: 0, gone: 0 })
})
