import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { connectRedis, createLog, liveProcesses, type RedisPlace } from '@rollcall/runtime'
import { type Child, ChildEndedError } from './child.ts'

const SEEN_MS = 30_000
const POLL_MS = 50

export interface HeartbeatRedis {
  readonly place: RedisPlace
  readonly timeoutMs: number
}

/**
 * A worker listens on no port, but says in Redis that it lives, from when it takes jobs. Settles when this one has.
 * Rejects when it ends or takes too long.
 */
export async function untilWorkerBeats(child: Child, { place, timeoutMs }: HeartbeatRedis): Promise<void> {
  const log = createLog({ name: 'start', level: 'silent' })
  const redis = connectRedis({ place, role: 'request', name: 'rollcall-start', timeoutMs, log })
  // Not connected yet, or for the moment: what the worker says of Redis is shown.
  const look = () => liveProcesses(redis).catch(() => [])
  try {
    const deadline = Date.now() + SEEN_MS
    while (
      !(await look()).some(({ role, host, pid }) => role === 'worker' && host === hostname() && pid === child.pid)
    ) {
      const exit = child.exit()
      if (exit) throw new ChildEndedError(child.name, exit, child.lastLines())
      if (Date.now() > deadline) throw new Error(`${child.name} gave no sign of life in Redis within ${SEEN_MS} ms`)
      await Promise.race([child.exited, delay(POLL_MS)])
    }
  } finally {
    redis.disconnect()
  }
}
