import { oneAtATime } from '../one-at-a-time.ts'
import type { History } from './history.ts'
import type { Recorder } from './recorder.ts'

/** A process that is killed loses the counts of so long. */
const WRITE_EVERY_MS = 2_000

/**
 * Adds what a process counts to the history, every two seconds and when the returned function is called: however much is
 * done, it costs Redis one call then, and a job none. What could not be written is, the next time.
 */
export function startWritingHistory(recorder: Recorder, history: Pick<History, 'add'>): () => Promise<void> {
  const written = new Map<string, number>()

  async function write(): Promise<void> {
    const now = new Map<string, number>()
    for (const { field, count } of recorder.kept()) if (count.n > 0) now.set(field, (now.get(field) ?? 0) + count.n)
    const more = new Map<string, number>()
    for (const [field, n] of now) if (n !== written.get(field)) more.set(field, n - (written.get(field) ?? 0))
    if (more.size === 0) return
    await history.add(more)
    for (const [field, n] of now) written.set(field, n)
  }

  const quietly = () => write().catch(() => {}) // Redis away: its connection says so
  let writing = Promise.resolve()
  const stop = oneAtATime(WRITE_EVERY_MS, () => {
    writing = quietly()
    return writing
  })
  return async () => {
    stop()
    await writing
    await quietly()
  }
}
