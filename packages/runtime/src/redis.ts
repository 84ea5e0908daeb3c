import type { Redis, RedisOptions } from 'ioredis'
import type { Log } from './log/index.ts'
import { askNowAndThen, breakSilence, GatheringRedis, RedisSilentError } from './redis-socket.ts'

/**
 * - `request`: somebody waits for the answer, so a command fails at once when Redis is away, and after `timeoutMs` when it hangs.
 * - `background`: nobody waits; a command waits for Redis to come back. What BullMQ's workers need.
 * - `subscriber`: pub/sub only; subscribes again by itself after a reconnect.
 */
export type RedisRole = 'request' | 'background' | 'subscriber'

export interface RedisConnectionOptions {
  readonly url: string
  readonly role: RedisRole
  /** Shown by Redis in CLIENT LIST. */
  readonly name: string
  readonly timeoutMs: number
  readonly log: Log
}

/** Reconnects for ever, at most this long apart: with ioredis' own back-off the first success came 19 s after a 20 s outage. */
const MAX_RECONNECT_DELAY_MS = 500

export function connectRedis({ url, role, name, timeoutMs, log }: RedisConnectionOptions): Redis {
  const redis = new GatheringRedis(url, {
    ...OPTIONS[role],
    retryStrategy: (times) => Math.min(times * 50, MAX_RECONNECT_DELAY_MS),
    connectTimeout: timeoutMs,
    keepAlive: KEEP_ALIVE_MS,
    connectionName: name,
  })
  breakSilence(redis, role === 'request' ? timeoutMs : SILENT_MS)
  if (role === 'subscriber') askNowAndThen(redis, SILENT_MS / 2)
  reportState(redis, name, log)
  return redis
}

/** Where nobody waits for an answer, a silent connection is given this long. */
const SILENT_MS = 10_000
const KEEP_ALIVE_MS = 10_000

const OPTIONS: Record<RedisRole, RedisOptions & { replyMapping?: 'legacy' }> = {
  request: {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0, // with 1, what was on its way when a connection broke may never be answered, nor rejected
  },
  background: { maxRetriesPerRequest: null },
  subscriber: { maxRetriesPerRequest: null },
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

/** Redis cannot be asked, or did not answer: a caller gets 503, a job is done again. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError'
  constructor(cause?: unknown) {
    super('Redis is not reachable or did not answer in time', { cause })
  }
}

const WRITE_REFUSALS =
  /^(READONLY|OOM|EXECABORT|MISCONF|NOREPLICAS|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOPERM|NOAUTH|NOSCRIPT)/

/** Whether an error of a Redis call means that Redis is away, hangs, or refuses to write: none of them the caller's fault. */
export function isRedisTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof RedisUnavailableError || error instanceof RedisSilentError) return true
  if (error.name === 'MaxRetriesPerRequestError') return true
  return WRITE_REFUSALS.test(error.message) || CONNECTION_TROUBLE.test(error.message)
}

/** The same in words for people: what Redis itself says, or that it says nothing. */
export function redisTrouble(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return isRedisTrouble(error) && !WRITE_REFUSALS.test(error.message)
    ? 'it is not reachable or did not answer in time'
    : error.message
}

const CONNECTION_TROUBLE =
  /Stream isn't writeable|Connection is closed|Command aborted due to connection close|max number of clients|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND/
