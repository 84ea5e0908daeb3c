import { type Cluster, Redis } from 'ioredis'
import type { RedisPlace } from './config/index.ts'
import type { Log } from './log/index.ts'
import { connectCluster } from './redis-cluster.ts'
import { type RedisOptions, redisOptions } from './redis-options.ts'
import { askNowAndThen, breakSilence, gatherCommands } from './redis-socket.ts'
import { clusterSubscriber, type Subscriber } from './redis-subscriber.ts'

/**
 * - `request`: somebody waits for the answer, so a command fails at once when Redis is away, and after `timeoutMs` when it hangs.
 * - `background`: nobody waits; a command waits for Redis to come back. What BullMQ's workers need.
 */
export type RedisRole = 'request' | 'background'

/** One Redis, wherever it is now, or a Cluster. */
export type RedisClient = Redis | Cluster

export interface RedisConnectionOptions {
  readonly place: RedisPlace
  readonly role: RedisRole
  /** Shown by Redis in CLIENT LIST. */
  readonly name: string
  readonly timeoutMs: number
  readonly log: Log
}

export function connectRedis({ place, role, name, timeoutMs, log }: RedisConnectionOptions): RedisClient {
  const tend = (redis: Redis): void => {
    gatherCommands(redis)
    breakSilence(redis, role === 'request' ? timeoutMs : SILENT_MS)
  }
  const shared = redisOptions(place, name, timeoutMs)
  if (place.kind === 'cluster') {
    return connectCluster({ nodes: place.nodes, role, redisOptions: { ...OPTIONS[role], ...shared }, name, log, tend })
  }
  const redis = connectOne(place, { ...OPTIONS[role], ...shared })
  tend(redis)
  reportState(redis, name, log)
  return redis
}

/**
 * Hears what is published to channels of shards, and connects again by itself. On a Cluster it listens at each shard's
 * master, of which `redis`, a connection to the same Cluster, knows.
 */
export function connectSubscriber(
  redis: RedisClient,
  { place, name, timeoutMs, log }: Omit<RedisConnectionOptions, 'role'>,
): Subscriber {
  const tend = (connection: Redis): void => {
    breakSilence(connection, SILENT_MS)
    askNowAndThen(connection, SILENT_MS / 2)
  }
  const options = { ...redisOptions(place, name, timeoutMs), maxRetriesPerRequest: null }
  if (redis.isCluster) return clusterSubscriber(redis as Cluster, options, tend)
  const subscriber = connectOne(place, options)
  tend(subscriber)
  reportState(subscriber, name, log)
  return subscriber
}

const connectOne = (place: RedisPlace, options: RedisOptions): Redis =>
  place.kind === 'one' ? new Redis(place.url, options) : new Redis(options)

/** Where nobody waits for an answer, a silent connection is given this long. */
const SILENT_MS = 10_000

const OPTIONS: Record<RedisRole, RedisOptions> = {
  request: {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0, // with 1, what was on its way when a connection broke may never be answered, nor rejected
  },
  background: { maxRetriesPerRequest: null },
}

/** One line when a connection is lost and one when it is back, however many attempts lie between. */
function reportState(redis: Redis, name: string, log: Log): void {
  let lost = false
  redis.on('error', (error: Error) => {
    if (lost) return
    lost = true
    log.warn({ connection: name, err: error }, 'Redis is not reachable; trying again until it is')
  })
  redis.on('ready', () => {
    if (lost) log.info({ connection: name }, 'Redis is back')
    lost = false
  })
}
