import type { RedisClient } from './redis.ts'

/** What a Redis says of itself; of a Cluster, all its masters together. */
export interface RedisInfo {
  readonly version: string
  readonly usedMemoryBytes: number
  /** 0: no bound but the machine's. */
  readonly maxMemoryBytes: number
  /** How much of what it may use it has filled, 0 to 1; of a Cluster the fullest master. Absent: no bound but the machine's. */
  readonly memoryShare?: number
  readonly clients: number
  readonly commandsPerSecond: number
  readonly uptimeS: number
}

/** Throws when Redis is away. */
export async function redisInfo(redis: RedisClient): Promise<RedisInfo> {
  const servers = redis.isCluster && 'nodes' in redis ? redis.nodes('master') : [redis]
  const texts = await Promise.all(servers.map((server) => server.info()))
  const numbers = (name: string): number[] =>
    texts.map((text) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1] ?? 0))
  const limits = numbers('maxmemory')
  const shares = numbers('used_memory').flatMap((used, i) => (limits[i] ? [used / limits[i]] : []))
  const sum = (name: string): number => numbers(name).reduce((all, one) => all + one, 0)
  return {
    version: /^redis_version:(\S+)/m.exec(texts[0] ?? '')?.[1] ?? '',
    usedMemoryBytes: sum('used_memory'),
    maxMemoryBytes: sum('maxmemory'),
    ...(shares.length > 0 && { memoryShare: Math.max(...shares) }),
    clients: sum('connected_clients'),
    commandsPerSecond: sum('instantaneous_ops_per_sec'),
    uptimeS: Math.min(...numbers('uptime_in_seconds')),
  }
}
