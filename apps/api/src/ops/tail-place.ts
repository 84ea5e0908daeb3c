import type { ChangeLog, ShardEntry } from '@rollcall/runtime'
import { inOrder, sortedInOrder } from './change-order.ts'

/** Up to where somebody has heard of the change logs: the last entry of each shard, by its number ('0-0': none). */
export type TailPlace = readonly string[]

/** Entries that are told at once to one who comes back. */
export const MOST_MISSED = 500
/** It has to fit into a line of a request, behind a proxy as well: with very many shards nobody goes on from a place. */
const MAX_TEXT_LENGTH = 4_000

/** As the id of an event (`Last-Event-ID`): `ms.n` of each shard in base 36. Null: that would be too long. */
export function tailPlaceText(place: TailPlace): string | null {
  const text = place.map((id) => id.split('-').map(inBase36).join('.')).join('_')
  return text.length > MAX_TEXT_LENGTH ? null : text
}

const inBase36 = (number: string): string => Number(number).toString(36)

const ID = /^[0-9a-z]{1,10}\.[0-9a-z]{1,10}$/

/** Null: it is none, or of another number of shards. */
export function parseTailPlace(text: string, shards: number): TailPlace | null {
  if (text.length > MAX_TEXT_LENGTH) return null
  const ids = text.split('_')
  if (ids.length !== shards || !ids.every((id) => ID.test(id))) return null
  return ids.map((id) =>
    id
      .split('.')
      .map((number) => Number.parseInt(number, 36))
      .join('-'),
  )
}

/** Whether an entry comes after another one of its shard. */
export const isAfter = (id: string, other: string): boolean => inOrder({ id, shard: 0 }, { id: other, shard: 0 }) > 0

/** The farther one of two places, shard by shard: an api may have read further than another one. */
export const fartherPlace = (a: TailPlace, b: TailPlace): TailPlace =>
  a.map((id, shard) => {
    const other = b[shard] ?? id
    return isAfter(other, id) ? other : id
  })

/**
 * What changed after a place up to another one, the oldest first. Null: that is too much, or the log has not kept all of it, or
 * has never been at that place. An entry that is there yet has lost none of those after it: a log is trimmed from its beginning.
 */
export async function changesSince(
  changes: Pick<ChangeLog, 'from' | 'end'>,
  place: TailPlace,
  upTo: TailPlace,
): Promise<readonly ShardEntry[] | null> {
  const found: ShardEntry[] = []
  for (const [shard, id] of place.entries()) {
    const room = MOST_MISSED - found.length
    const isFromTheStart = id === '0-0'
    if (id === upTo[shard]) continue
    const end = upTo[shard] ?? id
    const entries = await changes.from(shard, id, isAfter(end, id) ? end : id, room + 2)
    if (!isFromTheStart && entries.shift()?.id !== id) return null
    if (entries.length > room) return null
    if (isFromTheStart && entries.length > 0 && !(await hasAll(changes, shard))) return null
    found.push(...entries)
  }
  return sortedInOrder(found)
}

async function hasAll(changes: Pick<ChangeLog, 'end'>, shard: number): Promise<boolean> {
  const { added, kept } = await changes.end(shard)
  return added === kept
}
