import { shardKeys } from '../keys.ts'
import type { RedisClient } from '../redis.ts'

/**
 * Id of the newest entry of a shard's change log; null when there is none after `known`, which is what costs next to
 * nothing to be told. '0-0' comes before all.
 */
export async function newestChange(redis: RedisClient, shard: number, known: string): Promise<string | null> {
  const { changes } = shardKeys(shard)
  if ((await redis.xread('COUNT', 1, 'STREAMS', changes, known)) === null) return null
  const [newest] = await redis.xrevrange(changes, '+', '-', 'COUNT', 1)
  return newest?.[0] ?? null
}
