import type { Redis } from 'ioredis'
import type { RedisClient } from './redis.ts'

/**
 * Calls back whenever a connection was made anew: behind it there may be another Redis, or one that has lost its last
 * moments. On a Cluster that is a connection to any node, and any slot that is another node's now.
 */
export function onFreshConnection(redis: RedisClient, callback: () => void): void {
  redis.on('ready', callback)
  if (!('slots' in redis)) return
  redis.on('+node', (node: Redis) => node.on('ready', callback))
  let masters = ''
  redis.on('refresh', () => {
    const before = masters
    masters = runsOf(redis.slots)
    if (before !== '' && masters !== before) callback()
  })
}

/** Who serves what, shortly: the master of each run of slots. */
function runsOf(slots: readonly (readonly string[] | undefined)[]): string {
  const runs: string[] = []
  slots.forEach((nodes, slot) => {
    if (nodes?.[0] !== slots[slot - 1]?.[0]) runs.push(`${slot} ${nodes?.[0]}`)
  })
  return runs.join(',')
}
