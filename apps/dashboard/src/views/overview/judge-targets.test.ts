import { Domain, type OpsTarget } from '@rollcall/roster'
import { expect, test } from 'vitest'
import { targetsInAll } from './judge-targets.ts'

const DOMAIN = Domain.parse('example.org')
const NOW = Date.parse('2026-11-25T20:00:00Z')

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
  const [prosody, ...others] = targetsInAll(
    [
      shard({ shard: 0, lagMs: 40, waiting: 2, owed: 1 }),
      shard({ shard: 1, lagMs: 92_000, waiting: 5_000, owed: 3, state: 'unavailable', lastError }),
      shard({ shard: 2, lagMs: 10, state: 'reconciling' }),
    ],
    NOW,
  )
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

test('a target that follows and does not take everybody says whom, as long as it matters', () => {
  const lastError = {
    code: 'target-refused',
    message: 'It answered 500',
    at: '2026-11-25T18:00:00Z',
    user: 'john@example.org',
  } as const
  const ofLate = { ...lastError, at: '2026-11-25T19:30:00Z' } as const
  const judged = (part: Partial<OpsTarget>) =>
    targetsInAll([shard({}), shard({ shard: 1, lastError, ...part })], NOW)[0]
  expect(judged({ owed: 1 })).toMatchObject({ word: 'Follows, not for all', tone: 'warn', lastError })
  expect(judged({ waiting: 3, lagMs: 3 * 3_600_000 })).toMatchObject({ tone: 'warn', lastError })
  expect(judged({ waiting: 3, lagMs: 20 })).toMatchObject({ word: 'Follows', tone: 'good', lastError: undefined })
  expect(judged({ rejected: 1, lastError: ofLate })).toMatchObject({ tone: 'good', rejected: 1, lastError: ofLate })
  expect(judged({ rejected: 1 })).toMatchObject({ tone: 'good', lastError: undefined })
})

test('a target that is disabled says why', () => {
  const lastError = { code: 'target-gone', message: 'It answered 410', at: '2026-11-25T20:00:00Z' } as const
  expect(targetsInAll([shard({ state: 'disabled', lastError })], NOW)).toMatchObject([{ word: 'Disabled', lastError }])
})

test('targets of one name at two domains are two', () => {
  const other = Domain.parse('example.net')
  expect(targetsInAll([shard({}), shard({ domain: other })], NOW).map(({ domain }) => domain)).toEqual([DOMAIN, other])
})
