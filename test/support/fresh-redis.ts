import { Redis } from 'ioredis'
import { inject } from 'vitest'

/**
 * A database of its own in the private Redis of this run, so that test files may run side by side.
 * Pub/sub is shared by all databases of a Redis; channels carry random ids.
 */
export async function freshRedisUrl(): Promise<string> {
  const url = inject('redisUrl')
  const redis = new Redis(url)
  const database = await redis.incr('databases given out')
  const [, databases] = (await redis.config('GET', 'databases')) as string[]
  redis.disconnect()
  // Nobody would notice otherwise: all that come later would share the first one.
  if (database >= Number(databases)) throw new Error(`Redis has ${databases} databases, and all are given out`)
  return `${url}/${database}`
}
