import type { RedisClient } from './redis.ts'

/** A member of a sorted set whose scores are times. */
export interface Entry {
  readonly member: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** How an entry is written where a page ends, for the next one to go on behind it: `<ms>:<member>`. */
export const placeOf = ({ at, member }: Entry): string => `${at}:${member}`

/** Null: it is no place. */
export function parsePlace(text: string): Entry | null {
  const found = /^(\d{1,15}):(.+)$/s.exec(text)
  return found ? { at: Number(found[1]), member: found[2] ?? '' } : null
}

/** The newest first; what is equally old, in the order in which Redis has it when it reads from the end. */
export const byNewest = (a: Entry, b: Entry): number =>
  b.at - a.at || Buffer.compare(Buffer.from(b.member), Buffer.from(a.member))

/** Up to `most` entries of a sorted set behind a place, the newest first. */
export async function newestBehind(
  redis: RedisClient,
  key: string,
  place: Entry | null,
  most: number,
): Promise<Entry[]> {
  const found: Entry[] = []
  const top = place?.at ?? '+inf'
  // What is as old as the place is read again, and left out; as much is read for it once more.
  for (let offset = 0; found.length < most; ) {
    const missing = most - found.length
    const entries = entriesOf(await redis.zrevrangebyscore(key, top, '-inf', 'WITHSCORES', 'LIMIT', offset, missing))
    for (const entry of entries) if (!place || byNewest(place, entry) < 0) found.push(entry)
    if (entries.length < missing) break
    offset += missing
  }
  return found
}

export function entriesOf(flat: readonly string[]): Entry[] {
  const entries: Entry[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) entries.push({ member: flat[i] ?? '', at: Number(flat[i + 1]) })
  return entries
}

/** Entries of several sorted sets in one order, the newest first. */
export const merged = <T extends Entry>(lists: readonly (readonly T[])[]): T[] =>
  lists.length === 1 ? [...(lists[0] ?? [])] : lists.flat().sort(byNewest)
