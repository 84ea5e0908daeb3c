import type { ShardKeys } from '../keys.ts'
import type { RedisClient } from '../redis.ts'
import { redisNow, redisNowAt } from '../redis-now.ts'
import type { RunScript } from './scripts.ts'

/** Of all users. */
export interface Totals {
  readonly stored: number
  /** Whose last fetch failed, those as well whom the backend never knew. */
  readonly failed: number
  /** Asked for and not settled. */
  readonly open: number
  /** Age of the oldest of these, by the clock of Redis; 0: none. */
  readonly oldestOpenMs: number
}

interface TotalsOptions {
  readonly redis: RedisClient
  readonly run: RunScript
  readonly shards: number
  readonly keysAt: (shard: number) => ShardKeys
}

export function totals({ redis, run, shards, keysAt }: TotalsOptions) {
  const allKeys = Array.from({ length: shards }, (_, shard) => keysAt(shard))
  return {
    /** In two round trips. */
    async totals(): Promise<Totals> {
      const now = redis.isCluster ? null : redisNow(redis) // one for all
      const ofShards = await Promise.all(allKeys.map((keys) => ofShard(keys, now ?? redisNowAt(redis, run, keys.open))))
      const sum = (of: 'stored' | 'open' | 'failed'): number => ofShards.reduce((all, one) => all + one[of], 0)
      return {
        stored: sum('stored'),
        failed: sum('failed'),
        open: sum('open'),
        oldestOpenMs: Math.round(Math.max(0, ...ofShards.map(({ oldestMs }) => oldestMs))),
      }
    },
  }

  async function ofShard(keys: ShardKeys, clock: Promise<number>) {
    const [now, stored, open, [, oldest], groups] = await Promise.all([
      clock,
      redis.zcard(keys.stored),
      redis.zcard(keys.open),
      redis.zrange(keys.open, '0', '0', 'WITHSCORES'),
      redis.hkeys(keys.failedGroups),
    ])
    const failed = await Promise.all(groups.map((group) => redis.zcard(keys.failedGroup(group))))
    const oldestMs = oldest === undefined ? 0 : now - Number(oldest)
    return { stored, open, oldestMs, failed: failed.reduce((sum, count) => sum + count, 0) }
  }
}
