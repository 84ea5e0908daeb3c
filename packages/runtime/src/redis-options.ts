import type { RedisOptions as AnyOptions } from 'ioredis'
import type { RedisPlace } from './config/index.ts'

/** Reconnects for ever, at most this long apart: with ioredis' own back-off the first success came 19 s after a 20 s outage. */
const MAX_RECONNECT_DELAY_MS = 500
const KEEP_ALIVE_MS = 10_000

export const retryDelay = (times: number): number => Math.min(times * 50, MAX_RECONNECT_DELAY_MS)

/** Replies as they are by default, on which the types of commands depend. */
export type RedisOptions = AnyOptions & { readonly replyMapping?: 'legacy' }

/** What every connection to a place has in common, whatever it is for. */
export function redisOptions(place: RedisPlace, name: string, timeoutMs: number): RedisOptions {
  const { username, password, tls } = place
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls }),
    retryStrategy: retryDelay,
    connectTimeout: timeoutMs,
    keepAlive: KEEP_ALIVE_MS,
    connectionName: name,
    ...(place.kind === 'sentinel' && sentinelOptions(place, timeoutMs)),
  }
}

/**
 * Not with ioredis' failoverDetector: when Sentinel tells of a new master just while a connection asks for it, that one
 * ends for good.
 */
function sentinelOptions(place: Extract<RedisPlace, { kind: 'sentinel' }>, timeoutMs: number): RedisOptions {
  const { sentinels, master, sentinelUsername, sentinelPassword, tls } = place
  return {
    sentinels: sentinels.map(({ host, port }) => ({ host, port })),
    name: master,
    ...(sentinelUsername !== undefined && { sentinelUsername }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
    sentinelRetryStrategy: retryDelay,
    sentinelReconnectStrategy: retryDelay,
    sentinelCommandTimeout: timeoutMs,
    // A master that was made a replica: its writes go to the new one, which a new connection finds.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }
}
