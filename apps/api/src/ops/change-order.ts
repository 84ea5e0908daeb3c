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

/** The oldest first: by time, and of one time by shard. */
export function inOrder(a: ChangePlace, b: ChangePlace): number {
  const [ms, n] = numbersOf(a.id)
  const [otherMs, otherN] = numbersOf(b.id)
  return ms - otherMs || n - otherN || a.shard - b.shard
}

const numbersOf = (id: string): [number, number] => id.split('-').map(Number) as [number, number]

const READ_AT_ONCE = 100

/** The entries of all shards before a place (null: all), the newest first, read as they are asked for. */
export async function* newestFirst(
  changes: Pick<ChangeLog, 'before'>,
  shards: number,
  before: ChangePlace | null,
): AsyncGenerator<ShardEntry> {
  const logs = Array.from({ length: shards }, (_, shard) => ({
    shard,
    place: before && idBefore(before, shard),
    ready: [] as ShardEntry[],
    isAtEnd: false,
  }))
  for (;;) {
    await Promise.all(
      logs.map(async (log) => {
        if (log.ready.length > 0 || log.isAtEnd) return
        log.ready = await changes.before(log.shard, log.place, READ_AT_ONCE)
        log.place = log.ready.at(-1)?.id ?? log.place
        log.isAtEnd = log.ready.length < READ_AT_ONCE
      }),
    )
    const [next] = logs
      .filter(({ ready }) => ready.length > 0)
      .toSorted((a, b) => inOrder(b.ready[0] as ShardEntry, a.ready[0] as ShardEntry))
    const entry = next?.ready.shift()
    if (!entry) return
    yield entry
  }
}

/** Entries of a shard come before the place when their ids come before this one. */
function idBefore({ id, shard: of }: ChangePlace, shard: number): string {
  if (shard >= of) return id
  const [ms, n] = numbersOf(id)
  return `${ms}-${n + 1}`
}
