import { oneAtATime } from '../one-at-a-time.ts'
import type { CountsWrite, History } from './history.ts'
import type { Recorder } from './recorder.ts'

/** A process that is killed loses the counts of so long. */
const WRITE_EVERY_MS = 2_000
/** What was counted over a longer time is of other minutes than the one in which it would be written: of rates, that would be a lie. */
const MOST_LATE_MS = 60_000

/**
 * Adds what a process counts to the history, every two seconds and when the returned function is called: however much is
 * done, it costs Redis one call then, and a job none. A write without an answer is repeated as it was before there is
 * another one: whether Redis has taken it or not, it counts once. What comes behind it while Redis is away for longer than a
 * minute is left out.
 */
export function startWritingHistory(
  recorder: Recorder,
  history: Pick<History, 'count'>,
  writer: string,
): () => Promise<void> {
  const written = new Map<string, number>()
  let number = 0
  let unanswered: CountsWrite | undefined
  let writtenAt = performance.now()

  async function write(): Promise<void> {
    if (unanswered) await send(unanswered)
    const counts = countedSince(written, recorder)
    const now = performance.now()
    if (now - writtenAt > MOST_LATE_MS) leave(counts)
    else if (counts.size > 0) await send({ writer, number: ++number, counts })
    writtenAt = now
  }

  async function send(one: CountsWrite): Promise<void> {
    unanswered = one
    await history.count(one)
    unanswered = undefined
    leave(one.counts)
  }

  /** They are not written again. */
  function leave(counts: ReadonlyMap<string, number>): void {
    for (const [field, n] of counts) written.set(field, (written.get(field) ?? 0) + n)
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

function countedSince(written: ReadonlyMap<string, number>, recorder: Recorder): Map<string, number> {
  const now = new Map<string, number>()
  for (const { field, count } of recorder.kept()) if (count.n > 0) now.set(field, (now.get(field) ?? 0) + count.n)
  const more = new Map<string, number>()
  for (const [field, n] of now) if (n !== written.get(field)) more.set(field, n - (written.get(field) ?? 0))
  return more
}
