import type { ShardKeys } from '../keys.ts'
import type { RedisClient } from '../redis.ts'

/** Of all users. */
export interface Totals {
  readonly stored: number
  /** Whose last fetch failed. */
  readonly failed: number
  /** Asked for and not settled. */
  readonly open: number
  /** Age of the oldest of these, by the clock of Redis; 0: none. */
  readonly oldestOpenMs: number
}

interface TotalsOptions {
  readonly redis: RedisClient
  readonly shards: number
  readonly keysAt: (shard: number) => ShardKeys
}

export function totals({ redis, shards, keysAt }: TotalsOptions) {
  const allKeys = Array.from({ length: shards }, (_, shard) => keysAt(shard))
  return {
    /** In one round trip. */
    async totals(): Promise<Totals> {
      const [[seconds, microseconds], ...ofShards] = await Promise.all([
        redis.time(),
        ...allKeys.map((keys) =>
          Promise.all([
            redis.zcard(keys.stored),
            redis.zcard(keys.failed),
            redis.zcard(keys.open),
            redis.zrange(keys.open, '0', '0', 'WITHSCORES'),
          ]),
        ),
      ])
      const now = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
      const sum = (at: 0 | 1 | 2): number => ofShards.reduce((all, ofShard) => all + ofShard[at], 0)
      const oldest = ofShards.flatMap(([, , , [, score]]) => (score === undefined ? [] : [now - Number(score)]))
      return { stored: sum(0), failed: sum(1), open: sum(2), oldestOpenMs: Math.round(Math.max(0, ...oldest)) }
    },
  }
}
