import { Domain, type OpsProcess, type OpsTarget } from '@rollcall/roster'
import { expect, test } from 'vitest'
import { errorShareOf, headcount, sharesOf, targetsInAll } from './judge.ts'

const DOMAIN = Domain.parse('example.org')

const shard = (part: Partial<OpsTarget>): OpsTarget => ({
  target: 'prosody',
  type: 'xep-0356',
  domain: DOMAIN,
  shard: 0,
  state: 'following',
  lagMs: 0,
  waiting: 0,
  owed: 0,
  delivered: 0,
  rejected: 0,
  ...part,
})

test('a target is as bad as the worst of its shards, and as far behind as the last of them', () => {
  const lastError = { code: 'target-unreachable', message: 'refused', at: '2026-11-25T20:00:00Z' } as const
  const [prosody, ...others] = targetsInAll([
    shard({ shard: 0, lagMs: 40, waiting: 2, owed: 1 }),
    shard({ shard: 1, lagMs: 92_000, waiting: 5_000, owed: 3, state: 'unavailable', lastError }),
    shard({ shard: 2, lagMs: 10, state: 'reconciling' }),
  ])
  expect(others).toEqual([])
  expect(prosody).toMatchObject({
    word: 'Unavailable',
    tone: 'bad',
    shards: 3,
    inState: 1,
    lagMs: 92_000,
    waiting: 5_002,
    owed: 4,
    lastError,
  })
})

test('targets of one name at two domains are two', () => {
  const other = Domain.parse('example.net')
  expect(targetsInAll([shard({}), shard({ domain: other })]).map(({ domain }) => domain)).toEqual([DOMAIN, other])
})

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
