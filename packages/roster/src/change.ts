import { z } from 'zod'
import { BareJid } from './bare-jid.ts'
import type { RosterDiff } from './diff-rosters.ts'
import { utf8Length } from './utf8-length.ts'
import { toV1Contact, V1Contact } from './v1-roster.ts'

/** A diff whose JSON is longer than this is kept out of the change log: whoever needs it reads the roster. */
export const MAX_CHANGE_BYTES = 8 * 1024

const count = z.int().nonnegative()

const ChangedContacts = z.object({
  added: z.array(V1Contact).readonly(),
  updated: z.array(V1Contact).readonly(),
  removed: z.array(BareJid).readonly(),
  counts: z.object({ added: count, updated: count, removed: count }).readonly(),
  /** The lists are empty, the counts are true. */
  truncated: z.literal(true).exactOptional(),
})

/** One entry of the change log. `fetchedAt` in ms since 1970. */
export const Change = ChangedContacts.extend({
  user: BareJid,
  version: count,
  fetchedAt: count,
}).readonly()
export type Change = z.infer<typeof Change>

/**
 * The `diff` of a change-log entry: JSON text of at most MAX_CHANGE_BYTES. When the roster before is not known, since it was
 * dropped, `isWhole` is false: what was removed since is not in the diff, and whoever needs it reads the roster.
 */
export function encodeChange(diff: RosterDiff, isWhole = true): string {
  const { added, updated, removed } = diff
  const counts = { added: added.length, updated: updated.length, removed: removed.length }
  if (!isWhole || (added.length + updated.length) * MIN_CONTACT_BYTES > MAX_CHANGE_BYTES) return truncated(counts)
  const text = JSON.stringify({ added: added.map(toV1Contact), updated: updated.map(toV1Contact), removed, counts })
  const fits = text.length <= MAX_CHANGE_BYTES / MOST_BYTES_PER_UNIT || utf8Length(text) <= MAX_CHANGE_BYTES
  return fits ? text : truncated(counts)
}

/** Of a UTF-16 unit in UTF-8. */
const MOST_BYTES_PER_UNIT = 3

/** `{"jid":"a","groups":[],"subscription":"to"}`: a first fetch of 10,000 contacts need not be written to see that it is long. */
const MIN_CONTACT_BYTES = 43

function truncated(counts: Change['counts']): string {
  return JSON.stringify({ added: [], updated: [], removed: [], counts, truncated: true })
}

/** A change-log entry as the stream holds it: strings, `diff` by `encodeChange`. Throws a ZodError when it is not one. */
export function decodeChange(entry: { id: string; user: string; version: string; diff: string }): Change {
  const { id, user, version, diff } = entry
  const fetchedAt = Number(id.split('-', 1)) // the id of a stream's entry is `<ms>-<n>`
  return Change.parse({ ...JSON.parse(diff), user, version: Number(version), fetchedAt })
}
