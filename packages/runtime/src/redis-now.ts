import type { RedisClient } from './redis.ts'

/** Epoch milliseconds by the clock of Redis, which all processes go by. */
export async function redisNow(redis: Pick<RedisClient, 'time'>): Promise<number> {
  const [seconds, microseconds] = await redis.time()
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}
