import type { BareJid } from './bare-jid.ts'
import type { Change } from './change.ts'
import type { V1Contact } from './v1-roster.ts'

/** What changed of a roster, without who and when. */
export type ChangedContacts = Pick<Change, 'added' | 'updated' | 'removed'>

/**
 * Two changes of one user, one after the other, as one; null: not known. A contact that came and went again is in neither
 * list; one that went and came again is `updated`, though he may be as he was.
 */
export function mergeChanges(earlier: ChangedContacts | null, later: ChangedContacts | null): ChangedContacts | null {
  if (earlier === null || later === null) return null
  const added = new Map<BareJid, V1Contact>(earlier.added.map((contact) => [contact.jid, contact]))
  const updated = new Map<BareJid, V1Contact>(earlier.updated.map((contact) => [contact.jid, contact]))
  const removed = new Set(earlier.removed)
  for (const contact of later.added) {
    if (removed.delete(contact.jid)) updated.set(contact.jid, contact)
    else added.set(contact.jid, contact)
  }
  for (const contact of later.updated) {
    if (added.has(contact.jid)) added.set(contact.jid, contact)
    else updated.set(contact.jid, contact)
  }
  for (const jid of later.removed) {
    updated.delete(jid)
    if (!added.delete(jid)) removed.add(jid)
  }
  return { added: [...added.values()], updated: [...updated.values()], removed: [...removed] }
}
