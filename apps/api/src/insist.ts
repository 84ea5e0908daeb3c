import { PRIORITY, type Priority, type RefreshQueue } from '@rollcall/runtime'
import type { Tally } from './tally.ts'

/**
 * Asks again, now and then, for users who must not wait behind a bulk refresh and still do: a user's next job has the
 * priority of whoever asked last, so a bulk refresh or a sweep that names somebody who logs in would put him behind it.
 * Asking moves a job that waits forward, and is harmless otherwise. Until the returned function is called.
 */
export function insist(
  waiting: Tally,
  priority: Priority,
  { queue, recheckIntervalMs }: { readonly queue: Pick<RefreshQueue, 'enqueue'>; readonly recheckIntervalMs: number },
): () => void {
  if (priority >= PRIORITY.bulk) return () => {}
  const timer = setInterval(() => {
    queue.enqueue(waiting.pending(), priority).catch(() => {}) // Redis away: the connection says so
  }, recheckIntervalMs)
  return () => clearInterval(timer)
}
