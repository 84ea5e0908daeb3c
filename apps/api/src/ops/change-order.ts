import type { ChangeLog, ShardEntry } from '@rollcall/runtime'

/** A place in the change logs of all shards taken together; written `<ms>-<n>-<shard>`. */
export type ChangePlace = Pick<ShardEntry, 'id' | 'shard'>

const PLACE = /^(\d{1,15}-\d{1,15})-(\d{1,6})$/

export const placeText = ({ id, shard }: ChangePlace): string => `${id}-${shard}`

/** Null: it is none. */
export function parsePlace(text: string): ChangePlace | null {
  const [, id, shard] = PLACE.exec(text) ?? []
  return id === undefined ? null : { id, shard: Number(shard) }
}

/** What an entry is ordered by: its time, which of that time it is, and its shard. */
type Rank = readonly [ms: number, n: number, shard: number]

function rankOf({ id, shard }: ChangePlace): Rank {
  const dash = id.indexOf('-')
  return [Number(id.slice(0, dash)), Number(id.slice(dash + 1)), shard]
}

const byRank = (a: Rank, b: Rank): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]

/** The oldest first: by time, and of one time by shard. */
export const inOrder = (a: ChangePlace, b: ChangePlace): number => byRank(rankOf(a), rankOf(b))

/** The same for many, each of which is read once. */
export const sortedInOrder = <Place extends ChangePlace>(places: readonly Place[]): Place[] =>
  places
    .map((place) => ({ place, rank: rankOf(place) }))
    .sort((a, b) => byRank(a.rank, b.rank))
    .map(({ place }) => place)

/** Of all shards together at first, and of each at least so many: a page wants 50. */
const READ_AT_ONCE = 200
const LEAST_READ = 20

/** The entries of all shards before a place (null: all), the newest first, read as they are asked for. */
export async function* newestFirst(
  changes: Pick<ChangeLog, 'before'>,
  shards: number,
  before: ChangePlace | null,
): AsyncGenerator<ShardEntry> {
  const most = Math.max(LEAST_READ, Math.ceil(READ_AT_ONCE / shards))
  const logs = Array.from({ length: shards }, (_, shard): Log => {
    return { shard, place: before && idBefore(before, shard), ready: [], next: 0, isAtEnd: false }
  })
  const readOn = async (log: Log): Promise<void> => {
    const entries = await changes.before(log.shard, log.place, most)
    log.ready = entries.map((entry) => ({ entry, rank: rankOf(entry) })) // ranked once, compared often
    log.next = 0
    log.place = entries.at(-1)?.id ?? log.place
    log.isAtEnd = entries.length < most
  }
  for (;;) {
    const emptied = logs.filter(({ ready, next, isAtEnd }) => next === ready.length && !isAtEnd)
    if (emptied.length > 0) await Promise.all(emptied.map(readOn))
    let newest: Log | undefined
    for (const log of logs) if (!newest || isNewer(log, newest)) newest = log
    const found = newest?.ready[newest.next]
    if (!newest || !found) return
    newest.next++
    yield found.entry
  }
}

/** The log of a shard, read backwards. */
interface Log {
  readonly shard: number
  /** Up to where it has been read. */
  place: string | null
  ready: readonly { readonly entry: ShardEntry; readonly rank: Rank }[]
  /** Of those that are ready. */
  next: number
  isAtEnd: boolean
}

function isNewer(a: Log, b: Log): boolean {
  const [ofA, ofB] = [a.ready[a.next], b.ready[b.next]]
  return ofA !== undefined && (ofB === undefined || byRank(ofA.rank, ofB.rank) > 0)
}

/** Entries of a shard come before the place when their ids come before this one. */
function idBefore({ id, shard: of }: ChangePlace, shard: number): string {
  if (shard >= of) return id
  const [ms, n] = rankOf({ id, shard })
  return `${ms}-${n + 1}`
}
