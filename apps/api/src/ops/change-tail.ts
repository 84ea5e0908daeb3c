import type { BareJid } from '@rollcall/roster'
import { type ChangeLog, type LogEnd, oneAtATime, type ShardEntry } from '@rollcall/runtime'
import { inOrder } from './change-order.ts'
import { eventOf } from './event-stream.ts'
import { readableChange } from './readable-changes.ts'

export interface ChangeTailOptions {
  readonly changes: Pick<ChangeLog, 'after' | 'end'>
  readonly shards: number
  readonly everyMs?: number
  /** Changes that one listener is sent at a time; the others are counted. */
  readonly mostAtATime?: number
}

/** Whoever listens to the end of the change log. */
export interface Seat {
  /** Is sent the events of what changes from now on. */
  listen(isFor: (user: BareJid) => boolean, send: (event: Buffer) => void): void
  leave(): void
}

export interface ChangeTail {
  /** Resolves when nothing that changes from now on will be missed. Throws when Redis is away. */
  join(): Promise<Seat>
}

const EVERY_MS = 500
/** 200 a second: more than anybody can read. */
const MOST_AT_A_TIME = 100
/** Entries that are read of a shard at a time; what else has come is passed over and counted. */
const MOST_READ = 500

/** The end of the change logs of all shards, read by one loop for however many who listen, and by none when nobody does. */
export function changeTail({
  changes,
  shards,
  everyMs = EVERY_MS,
  mostAtATime = MOST_AT_A_TIME,
}: ChangeTailOptions): ChangeTail {
  const seats = new Set<{ hear?: (heard: Heard) => void }>()
  let reading: Promise<() => void> | undefined

  async function start(): Promise<() => void> {
    const ends = await Promise.all(Array.from({ length: shards }, (_, shard) => changes.end(shard)))
    return oneAtATime(everyMs, async () => {
      // What cannot be read now is read the next time; that Redis is away is told by the snapshots.
      const parts = await Promise.all(ends.map((_, shard) => readOn(shard, ends).catch(() => NOTHING)))
      const entries = parts.flatMap((part) => part.entries).sort(inOrder)
      const skipped = parts.reduce((sum, part) => sum + part.skipped, 0)
      if (entries.length === 0) return
      const events = new Map<ShardEntry, Buffer | null>()
      for (const { hear } of seats) hear?.({ entries, skipped, eventFor: (entry) => onceFor(entry, events) })
    })
  }

  async function readOn(shard: number, ends: LogEnd[]): Promise<Part> {
    const { id, added } = ends[shard] as LogEnd
    const entries = await changes.after(shard, id, MOST_READ)
    const last = entries.at(-1)
    if (!last) return NOTHING
    ends[shard] = { id: last.id, added: added === null ? null : added + entries.length }
    if (entries.length < MOST_READ) return { entries, skipped: 0 }
    const now = await changes.end(shard)
    const skipped = Math.max(0, (now.added ?? 0) - (ends[shard].added ?? 0))
    ends[shard] = now
    return { entries, skipped }
  }

  return {
    async join() {
      const seat: { hear?: (heard: Heard) => void } = {}
      seats.add(seat)
      reading ??= start()
      const leave = (): void => {
        if (!seats.delete(seat) || seats.size > 0) return
        void reading?.then((stop) => stop()).catch(() => {})
        reading = undefined
      }
      try {
        await reading
      } catch (error) {
        leave()
        throw error
      }
      return {
        listen(isFor, send) {
          seat.hear = ({ entries, skipped, eventFor }) => {
            const wanted = entries.filter(({ user }) => isFor(user))
            for (const entry of wanted.slice(0, mostAtATime)) {
              const event = eventFor(entry)
              if (event) send(event)
            }
            const count = skipped + Math.max(0, wanted.length - mostAtATime)
            if (count > 0) send(eventOf('skipped', JSON.stringify({ count })))
          }
        },
        leave,
      }
    },
  }
}

interface Part {
  readonly entries: readonly ShardEntry[]
  readonly skipped: number
}

interface Heard extends Part {
  readonly eventFor: (entry: ShardEntry) => Buffer | null
}

const NOTHING: Part = { entries: [], skipped: 0 }

/** Made once, when somebody wants it. Null: the entry cannot be read. */
function onceFor(entry: ShardEntry, events: Map<ShardEntry, Buffer | null>): Buffer | null {
  const known = events.get(entry)
  if (known !== undefined) return known
  const change = readableChange(entry)
  const event = change && eventOf('change', JSON.stringify(change))
  events.set(entry, event)
  return event
}
