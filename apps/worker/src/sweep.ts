import { type Log, PRIORITY, type RefreshQueue, type RosterStore } from '@rollcall/runtime'

/** How many users one sweep of a shard puts back at most. */
const MOST_PER_SWEEP = 1000

export interface SweepOptions {
  readonly store: Pick<RosterStore, 'sweep'>
  readonly queue: Pick<RefreshQueue, 'enqueue'>
  readonly shards: number
  readonly intervalMs: number
  readonly graceMs: number
  readonly log: Log
}

/**
 * Puts users who have been open for too long into the queue again: their api died before it enqueued them, or their job
 * was lost (G8). A user who merely waits is not queued twice. Every worker sweeps; Redis lets one through per interval.
 */
export function startSweep({ store, queue, shards, intervalMs, graceMs, log }: SweepOptions): () => void {
  const sweep = async (): Promise<void> => {
    for (let shard = 0; shard < shards; shard++) {
      const users = await store.sweep(shard, graceMs, intervalMs, MOST_PER_SWEEP)
      if (users.length > 0) await queue.enqueue(users, PRIORITY.bulk)
    }
  }
  let sweeping = false
  const timer = setInterval(() => {
    if (sweeping) return
    sweeping = true
    sweep()
      .catch((error: unknown) => log.warn({ err: error }, 'The sweep of open users failed; the next one tries again'))
      .finally(() => {
        sweeping = false
      })
  }, intervalMs)
  return () => clearInterval(timer)
}
