import type { OpsRedis } from '@rollcall/roster'
import { type RedisClient, type RedisInfo, type RedisPlace, redisInfo, redisTrouble } from '@rollcall/runtime'
import type { Steady } from './steady.ts'

/** INFO costs Redis more than all else of a look together. */
const INFO_EVERY_MS = 5_000
/** Of so many looks the median is told: one that this process was late to hear says nothing of Redis. */
const LATENCIES = 9

export interface RedisLookOptions {
  readonly redis: RedisClient
  readonly place: Pick<RedisPlace, 'kind'>
}

/** How Redis does. What was known of it stays known while it is away. */
export function redisLook({ redis, place }: RedisLookOptions) {
  const kind = place.kind === 'sentinel' ? 'sentinels' : place.kind
  let info: Partial<RedisInfo> = {}
  let askedAt = Number.NEGATIVE_INFINITY
  let lostAt: string | undefined
  const latencies: number[] = []

  function median(latencyMs: number): number {
    latencies.push(latencyMs)
    if (latencies.length > LATENCIES) latencies.shift()
    return latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length / 2)] ?? latencyMs
  }

  return async (steady: Steady): Promise<OpsRedis> => {
    const begun = performance.now()
    try {
      await redis.ping()
      const latencyMs = median(performance.now() - begun)
      if (begun - askedAt >= INFO_EVERY_MS) {
        info = await redisInfo(redis)
        askedAt = begun
      }
      lostAt = undefined
      return { isReachable: true, kind, ...steadied(info, latencyMs, steady) }
    } catch (error) {
      latencies.length = 0
      lostAt ??= new Date().toISOString()
      return { isReachable: false, reason: redisTrouble(error), since: lostAt, kind, ...info }
    }
  }
}

function steadied(info: Partial<RedisInfo>, latencyMs: number, steady: Steady): Partial<OpsRedis> {
  const { usedMemoryBytes = 0, memoryShare, clients = 0, commandsPerSecond = 0 } = info
  return {
    ...info,
    latencyMs: steady('redis latency', Math.max(1, Math.round(latencyMs)), 0.5, 5),
    usedMemoryBytes: steady('redis memory', usedMemoryBytes, 0.02),
    ...(memoryShare !== undefined && { memoryShare: steady('redis memory share', memoryShare, 0.02) }),
    clients: steady('redis clients', clients, 0, 1),
    commandsPerSecond: steady('redis commands', commandsPerSecond, 0.25, 25),
  }
}
