import type { RedisClient } from './redis.ts'
import type { RunScript } from './store/scripts.ts'

/** Epoch milliseconds by the clock of Redis, which all processes go by; of a Cluster, by that of any master. */
export async function redisNow(redis: Pick<RedisClient, 'time'>): Promise<number> {
  return toMs(await redis.time())
}

/** The same by the clock of the master that keeps a key. */
export async function redisNowAt(redis: RedisClient, run: RunScript, key: string): Promise<number> {
  return redis.isCluster ? toMs((await run('now', [key], [])) as Time) : redisNow(redis)
}

type Time = readonly (string | number)[]

const toMs = ([seconds, microseconds]: Time): number => Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
