import type { BareJid } from '@rollcall/roster'
import {
  type Log,
  MAX_USERS_PER_CALL,
  oneAtATime,
  PRIORITY,
  type RefreshQueue,
  type RosterStore,
} from '@rollcall/runtime'

/** How many users one sweep of a shard puts back at most. */
const MOST_PER_SWEEP = 1000
/** How many who failed it has fetched again at most, so that they never fill the queue. */
const MOST_REPAIRS_PER_SWEEP = 2000

export interface SweepOptions {
  readonly store: Pick<RosterStore, 'sweep' | 'repair'>
  readonly queue: Pick<RefreshQueue, 'enqueue' | 'bringForward'>
  /** The shards that this worker serves. */
  readonly serves: readonly number[]
  readonly intervalMs: number
  readonly graceMs: number
  /** Nothing puts a job off for longer. */
  readonly longestDelayMs: number
  readonly log: Log
}

/**
 * Puts users who have been open for too long into the queue again: their api died before it enqueued them, or their job
 * was lost (G8). A user who merely waits is not queued twice. Every worker sweeps; Redis lets one through per interval.
 * And puts users there whose last fetch failed and whose time has come, behind everybody else; each is given to one worker.
 * And brings jobs forward that wait for a time that only a wrong clock can have named.
 */
export function startSweep(options: SweepOptions): () => void {
  const { store, queue, serves, intervalMs, graceMs, longestDelayMs, log } = options
  const sweep = async (shard: number): Promise<void> => {
    const users = await store.sweep(shard, graceMs, intervalMs, MOST_PER_SWEEP)
    if (users.length > 0) await queue.enqueue(users, PRIORITY.bulk)
    await queue.bringForward(shard, longestDelayMs)
    await repair(shard)
  }
  const sweepAll = async (): Promise<void> => {
    for (const shard of serves) {
      await sweep(shard).catch((error: unknown) =>
        log.warn({ err: error, shard }, 'The sweep of open users failed; the next one tries again'),
      )
    }
  }
  const repair = async (shard: number): Promise<void> => {
    let users: readonly BareJid[]
    let repaired = 0
    do {
      users = await store.repair(shard)
      if (users.length > 0) await queue.enqueue(users, PRIORITY.repair)
      repaired += users.length
    } while (users.length === MAX_USERS_PER_CALL && repaired < MOST_REPAIRS_PER_SWEEP)
  }
  return oneAtATime(intervalMs, sweepAll)
}
