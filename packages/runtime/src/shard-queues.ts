import { Queue, type Telemetry } from 'bullmq'
import { QUEUE_NAME, shardKeys } from './keys.ts'
import type { RedisClient } from './redis.ts'
import { RedisUnavailableError } from './redis-trouble.ts'

const EVENTS_KEPT = 1000

/** BullMQ's queue of each shard, opened when it is first needed. */
export function shardQueues<Data>(redis: RedisClient, telemetry?: Telemetry) {
  const queues = new Map<number, Promise<Queue<Data>>>()
  return {
    /**
     * Rejects with `RedisUnavailableError`. BullMQ never gets over a queue whose first contact with Redis failed, so such a
     * one is thrown away.
     */
    async of(shard: number): Promise<Queue<Data>> {
      if (redis.status !== 'ready') throw new RedisUnavailableError()
      const known = queues.get(shard)
      if (known) return known
      const opening = openQueue<Data>(redis, shard, telemetry)
      queues.set(shard, opening)
      opening.catch(() => queues.delete(shard))
      return opening
    },
    async close(): Promise<void> {
      await Promise.all([...queues.values()].map(async (opening) => (await opening).close()))
    },
  }
}

async function openQueue<Data>(redis: RedisClient, shard: number, telemetry?: Telemetry): Promise<Queue<Data>> {
  const queue = new Queue<Data>(QUEUE_NAME, {
    connection: redis,
    prefix: shardKeys(shard).prefix,
    streams: { events: { maxLen: EVENTS_KEPT } },
    ...(telemetry && { telemetry }),
  })
  queue.on('error', () => {}) // the connection reports its own state
  try {
    await queue.waitUntilReady()
    return queue
  } catch (error) {
    throw new RedisUnavailableError(error)
  }
}
