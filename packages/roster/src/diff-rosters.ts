import type { BareJid } from './bare-jid.ts'
import { type Contact, type Roster, sameContact } from './contact.ts'

export interface RosterDiff {
  readonly added: readonly Contact[]
  /** As they are now; another name, groups, subscription, ask or approved. */
  readonly updated: readonly Contact[]
  readonly removed: readonly BareJid[]
}

export function diffRosters(before: Roster, after: Roster): RosterDiff {
  const added: Contact[] = []
  const updated: Contact[] = []
  for (const contact of after.values()) {
    const earlier = before.get(contact.jid)
    if (earlier === undefined) added.push(contact)
    else if (!sameContact(earlier, contact)) updated.push(contact)
  }
  const removed = [...before.keys()].filter((jid) => !after.has(jid))
  return { added, updated, removed }
}

/** `applyDiff(before, diffRosters(before, after))` equals `after`. */
export function applyDiff(roster: Roster, diff: RosterDiff): Roster {
  const result = new Map(roster)
  for (const jid of diff.removed) result.delete(jid)
  for (const contact of [...diff.added, ...diff.updated]) result.set(contact.jid, contact)
  return result
}

export function isEmptyDiff(diff: RosterDiff): boolean {
  return diff.added.length === 0 && diff.updated.length === 0 && diff.removed.length === 0
}
