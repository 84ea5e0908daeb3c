import { setTimeout as pause } from 'node:timers/promises'
import { newestChange, type RedisClient } from '@rollcall/runtime'

export interface ChangeBellsOptions {
  readonly redis: RedisClient
  readonly pollMs: number
}

/** Rings for one who follows a shard when there are changes in it. */
export interface ChangeBell {
  /** What rang before counts no longer: said before one looks for himself. */
  quiet(): void
  /** Until it has rung since then, at most so long. */
  wait(ms: number, signal: AbortSignal): Promise<void>
  close(): void
}

/**
 * One look into each change log for all targets that follow it: where nothing happens, a target more costs nothing more.
 * Without promise: where Redis is away no bell rings, and whoever follows looks for himself now and then.
 */
export function changeBells({ redis, pollMs }: ChangeBellsOptions) {
  const shards = new Map<number, { newest: string; readonly bells: Set<() => void> }>()
  let isLooking = false

  async function look(): Promise<void> {
    isLooking = true
    while (shards.size > 0) {
      await Promise.all([...shards.keys()].map((shard) => lookAt(shard).catch(() => {})))
      await pause(pollMs)
    }
    isLooking = false
  }

  async function lookAt(shard: number): Promise<void> {
    const followed = shards.get(shard)
    if (!followed) return
    const newest = await newestChange(redis, shard, followed.newest)
    if (newest === null) return
    followed.newest = newest
    ring(shard)
  }

  /** There is something to be read in a shard that is no change. */
  function ring(shard: number): void {
    for (const each of shards.get(shard)?.bells ?? []) each()
  }

  return {
    ring,

    of(shard: number): ChangeBell {
      let hasRung = false
      let wake = (): void => {}
      const rung = (): void => {
        hasRung = true
        wake()
      }
      const followed = shards.get(shard) ?? { newest: '0-0', bells: new Set() }
      followed.bells.add(rung)
      shards.set(shard, followed)
      if (!isLooking) void look()

      return {
        quiet: () => {
          hasRung = false
        },
        wait: (ms, signal) =>
          new Promise((resolve) => {
            const end = (): void => {
              clearTimeout(timer)
              signal.removeEventListener('abort', end)
              wake = () => {}
              resolve()
            }
            const timer = setTimeout(end, ms)
            signal.addEventListener('abort', end)
            wake = end
            if (hasRung || signal.aborted) end()
          }),
        close() {
          followed.bells.delete(rung)
          if (followed.bells.size === 0) shards.delete(shard)
        },
      }
    },
  }
}

export type ChangeBells = ReturnType<typeof changeBells>
