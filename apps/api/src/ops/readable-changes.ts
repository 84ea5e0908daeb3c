import { decodeChange, type OpsChange } from '@rollcall/roster'
import type { ShardEntry } from '@rollcall/runtime'

/** Entries of the change log as they are shown; one that cannot be read is left out. */
export const readableChanges = (entries: readonly ShardEntry[]): OpsChange[] =>
  entries.map(readableChange).filter((change) => change !== null)

export function readableChange({ shard, ...entry }: ShardEntry): OpsChange | null {
  try {
    const { fetchedAt, ...change } = decodeChange(entry)
    return { id: entry.id, shard, at: new Date(fetchedAt).toISOString(), ...change }
  } catch {
    return null
  }
}
