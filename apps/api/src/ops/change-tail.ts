import type { BareJid } from '@rollcall/roster'
import { type ChangeLog, type LogEnd, oneAtATime, type ShardEntry } from '@rollcall/runtime'
import { sortedInOrder } from './change-order.ts'
import { eventOf } from './event-stream.ts'
import { readableChange } from './readable-changes.ts'
import { changesSince, fartherPlace, isAfter, parseTailPlace, type TailPlace, tailPlaceText } from './tail-place.ts'

export interface ChangeTailOptions {
  readonly changes: Pick<ChangeLog, 'after' | 'from' | 'end'>
  readonly shards: number
  readonly everyMs?: number
  /** Changes that one listener is sent at a time; the others are counted. */
  readonly mostAtATime?: number
}

/** Whoever listens to the end of the change log. */
export interface Seat {
  /**
   * Is sent the events of what changes from now on (`change`), how many were left out (`skipped`), and up to where that was
   * (`place`, with an id). With the id of a place, also what has changed since; when that is too much, or not to be had any
   * more, an event that says so (`gap`). Throws when Redis is away.
   */
  listen(isFor: (user: BareJid) => boolean, send: (event: Buffer) => void, after?: string): Promise<void>
  leave(): void
}

export interface ChangeTail {
  /** Resolves when nothing that changes from now on will be missed. Throws when Redis is away. */
  join(): Promise<Seat>
}

const EVERY_MS = 500
/** 200 a second: more than anybody can read. */
const MOST_AT_A_TIME = 100
/** One who comes back is sent no more at once: he would be cut off before he has read it, and come back again. */
const MAX_MISSED_BYTES = 512 * 1024
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
  let reading: Promise<Reading> | undefined

  async function start(): Promise<Reading> {
    const ends: End[] = await Promise.all(Array.from({ length: shards }, (_, shard) => changes.end(shard)))
    let told = ends.map(({ id }) => id)
    const stop = oneAtATime(everyMs, async () => {
      // What cannot be read now is read the next time; that Redis is away is told by the snapshots.
      const parts = await Promise.all(ends.map((_, shard) => readOn(shard, ends).catch(() => NOTHING)))
      const entries = sortedInOrder(parts.flatMap((part) => part.entries))
      const skipped = parts.reduce((sum, part) => sum + part.skipped, 0)
      if (entries.length === 0) return
      told = ends.map(({ id }) => id)
      const heard = { entries, skipped, eventFor: eventsOnce(), place: placeEvent(told) }
      for (const { hear } of seats) hear?.(heard)
    })
    return { stop, told: () => told }
  }

  async function readOn(shard: number, ends: End[]): Promise<Part> {
    const { id, added } = ends[shard] as End
    const entries = await changes.after(shard, id, MOST_READ)
    const last = entries.at(-1)
    if (!last) return NOTHING
    ends[shard] = { id: last.id, added: added === null ? null : added + entries.length }
    if (entries.length < MOST_READ) return { entries, skipped: 0 }
    const now = await changes.end(shard).catch(() => null)
    if (!now) return { entries, skipped: 0 } // what is behind them is read the next time
    const skipped = Math.max(0, (now.added ?? 0) - (ends[shard].added ?? 0))
    ends[shard] = now
    return { entries, skipped }
  }

  /** As events. Null: it cannot be told. */
  async function missedSince(
    place: TailPlace,
    upTo: TailPlace,
    isFor: (user: BareJid) => boolean,
  ): Promise<readonly Buffer[] | null> {
    const entries = await changesSince(changes, place, upTo)
    const events = entries?.filter(({ user }) => isFor(user)).flatMap((entry) => changeEvent(entry) ?? [])
    const bytes = events?.reduce((sum, event) => sum + event.length, 0) ?? 0
    return events && bytes <= MAX_MISSED_BYTES ? events : null
  }

  return {
    async join() {
      const seat: { hear?: (heard: Heard) => void } = {}
      seats.add(seat)
      reading ??= start()
      const leave = (): void => {
        if (!seats.delete(seat) || seats.size > 0) return
        void reading?.then(({ stop }) => stop()).catch(() => {})
        reading = undefined
      }
      const { told } = await reading.catch((error: unknown) => {
        leave()
        throw error
      })
      return {
        async listen(isFor, send, after) {
          let from = told()
          const hear = (heard: Heard): void => {
            const wanted = heard.entries.filter(({ shard, id, user }) => isFor(user) && isAfter(id, from[shard] ?? id))
            for (const entry of wanted.slice(0, mostAtATime)) sendSome(send, heard.eventFor(entry))
            const count = heard.skipped + Math.max(0, wanted.length - mostAtATime)
            if (count > 0) send(eventOf('skipped', JSON.stringify({ count })))
            sendSome(send, heard.place)
          }
          const meanwhile: Heard[] = []
          if (after !== undefined) {
            seat.hear = (heard) => void meanwhile.push(heard)
            const place = parseTailPlace(after, shards)
            const missed = place && (await missedSince(place, from, isFor))
            for (const event of missed ?? [GAP]) send(event)
            if (place && missed) from = fartherPlace(place, from)
          }
          sendSome(send, placeEvent(from))
          for (const heard of meanwhile) hear(heard)
          seat.hear = hear
        },
        leave,
      }
    },
  }
}

type End = Pick<LogEnd, 'id' | 'added'>

interface Reading {
  stop(): void
  /** Up to where all who listen have heard. */
  told(): TailPlace
}

interface Part {
  readonly entries: readonly ShardEntry[]
  readonly skipped: number
}

interface Heard extends Part {
  readonly eventFor: (entry: ShardEntry) => Buffer | null
  readonly place: Buffer | null
}

const NOTHING: Part = { entries: [], skipped: 0 }

const GAP = eventOf('gap', '{}')

/** Null: there are too many shards for that. */
function placeEvent(place: TailPlace): Buffer | null {
  const id = tailPlaceText(place)
  return id === null ? null : eventOf('place', '{}', id)
}

function sendSome(send: (event: Buffer) => void, event: Buffer | null): void {
  if (event) send(event)
}

/** Each is made once, when somebody wants it. */
function eventsOnce(): (entry: ShardEntry) => Buffer | null {
  const events = new Map<ShardEntry, Buffer | null>()
  return (entry) => {
    const known = events.get(entry)
    if (known !== undefined) return known
    const event = changeEvent(entry)
    events.set(entry, event)
    return event
  }
}

/** Null: the entry cannot be read. */
function changeEvent(entry: ShardEntry): Buffer | null {
  const change = readableChange(entry)
  return change && eventOf('change', JSON.stringify(change))
}
