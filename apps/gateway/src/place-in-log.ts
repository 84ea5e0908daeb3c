import type { Position, TargetLog } from '@rollcall/runtime'
import { prefix } from './prefix.ts'
import { timeOfEntry } from './redis-clock.ts'

/** Changes that have been read and have not arrived, of one shard: beyond it, no more are read. */
const MOST_WAITING = 5_000
/** With those that have arrived behind one that has not: one user who is tried again holds up no other (G7). */
const MOST_HELD = 100_000

export type PlaceInLog = ReturnType<typeof placeInLog>

/** How far a target has come in the change log of a shard: what was read, what of it has arrived, what is written down (G6). */
export function placeInLog(changes: Pick<TargetLog, 'writePosition'>) {
  const outstanding = prefix<string>()
  let read: Position | null = null
  let written: Position | null = null
  let arrivedUpTo: string | undefined

  function resume(position: Position | null): void {
    read = position
    written = position
  }

  /** Ids of another log, or of what it lost, mean nothing any more: what was taken is delivered all the same. */
  function leapTo(position: Position): void {
    resume(position)
    outstanding.clear()
    arrivedUpTo = undefined
  }

  return {
    /** Behind the last entry that was read; null: nowhere yet. */
    read: () => read,
    written: () => written,
    /** Goes on from what is written down. */
    resume,
    /** Goes on elsewhere, as is written down already. */
    leapTo,
    /** Writes down that it goes on elsewhere, and does. */
    async moveTo(position: Position): Promise<void> {
      await changes.writePosition(position)
      leapTo(position)
    },
    /** An entry has been read. */
    take(id: string): void {
      if (read) read = { ...read, id }
      outstanding.take(id)
    },
    arrived(id: string): void {
      arrivedUpTo = outstanding.end(id) ?? arrivedUpTo
    },
    /** How many more may be read. */
    room: (): number => Math.min(MOST_WAITING - outstanding.waiting(), MOST_HELD - outstanding.size()),
    waiting: outstanding.waiting,
    /** Epoch milliseconds, by the clock of Redis, of the oldest that has not arrived; undefined: all have. */
    waitingSince(): number | undefined {
      const first = outstanding.first()
      return first === undefined ? undefined : timeOfEntry(first)
    },
    /** Writes down how far everything has arrived. */
    async write(): Promise<void> {
      const done = outstanding.size() === 0 ? read : arrivedUpTo && read && { ...read, id: arrivedUpTo }
      if (!done || (done.id === written?.id && done.epoch === written.epoch)) return
      await changes.writePosition(done)
      written = done
    },
  }
}
