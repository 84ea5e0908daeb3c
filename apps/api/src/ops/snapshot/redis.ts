import type { OpsRedis } from '@rollcall/roster'
import { type RedisClient, type RedisPlace, redisTrouble } from '@rollcall/runtime'
import type { Steady } from './steady.ts'

/** INFO costs Redis more than all else of a look together. */
const INFO_EVERY_MS = 5_000

export interface RedisLookOptions {
  readonly redis: RedisClient
  readonly place: Pick<RedisPlace, 'kind'>
}

type Info = Omit<OpsRedis, 'isReachable' | 'reason' | 'since' | 'latencyMs' | 'kind'>

/** How Redis does; of a Cluster, all its masters together. What was known stays known while it is away. */
export function redisLook({ redis, place }: RedisLookOptions) {
  const kind = place.kind === 'sentinel' ? 'sentinels' : place.kind
  let info: Info = {}
  let askedAt = Number.NEGATIVE_INFINITY
  let lostAt: string | undefined

  async function ask(): Promise<void> {
    const servers = redis.isCluster && 'nodes' in redis ? redis.nodes('master') : [redis]
    info = read(await Promise.all(servers.map((server) => server.info())))
    askedAt = performance.now()
  }

  return async (steady: Steady): Promise<OpsRedis> => {
    const begun = performance.now()
    try {
      await redis.ping()
      const latencyMs = performance.now() - begun
      if (begun - askedAt >= INFO_EVERY_MS) await ask()
      lostAt = undefined
      return { isReachable: true, kind, ...steadied(info, latencyMs, steady) }
    } catch (error) {
      lostAt ??= new Date().toISOString()
      return { isReachable: false, reason: redisTrouble(error), since: lostAt, kind, ...info }
    }
  }
}

function read(texts: readonly string[]): Info {
  const numbers = (name: string): number[] =>
    texts.map((text) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1] ?? 0))
  const sum = (name: string): number => numbers(name).reduce((all, one) => all + one, 0)
  const version = /^redis_version:(\S+)/m.exec(texts[0] ?? '')?.[1]
  return {
    ...(version !== undefined && { version }),
    usedMemoryBytes: sum('used_memory'),
    maxMemoryBytes: sum('maxmemory'),
    clients: sum('connected_clients'),
    commandsPerSecond: sum('instantaneous_ops_per_sec'),
    uptimeS: Math.min(...numbers('uptime_in_seconds')),
  }
}

function steadied(info: Info, latencyMs: number, steady: Steady): Partial<OpsRedis> {
  const { usedMemoryBytes, clients, commandsPerSecond } = info
  return {
    ...info,
    latencyMs: steady('redis latency', Math.max(1, Math.round(latencyMs)), 0.5, 10),
    ...(usedMemoryBytes !== undefined && { usedMemoryBytes: steady('redis memory', usedMemoryBytes, 0.02) }),
    ...(clients !== undefined && { clients: steady('redis clients', clients, 0, 1) }),
    ...(commandsPerSecond !== undefined && {
      commandsPerSecond: steady('redis commands', commandsPerSecond, 0.25, 25),
    }),
  }
}
