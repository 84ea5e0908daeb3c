import type { BareJid } from './bare-jid.ts'

/** Whose presence the user and the contact see. RFC 6121 §2.1.2.5. */
export const SUBSCRIPTIONS = ['none', 'to', 'from', 'both'] as const
export type Subscription = (typeof SUBSCRIPTIONS)[number]

/** One entry of a roster. RFC 6121 §2.1.2. */
export interface Contact {
  readonly jid: BareJid
  readonly name?: string
  /** Sorted, distinct, none empty. */
  readonly groups: readonly string[]
  readonly subscription: Subscription
  /** A subscription request of the user that the contact has not answered. */
  readonly ask?: 'subscribe'
  /** The user has approved the contact's request in advance. */
  readonly approved?: boolean
}

/** A user's contacts by their JIDs. The order means nothing. */
export type Roster = ReadonlyMap<BareJid, Contact>

export const EMPTY_ROSTER: Roster = new Map()

/** Sorted and distinct, by UTF-16 units: the same on every machine. */
export function sortedGroups(groups: readonly string[]): readonly string[] {
  if (groups.length < 2) return groups
  return groups.toSorted().filter((group, i, sorted) => group !== sorted[i - 1])
}

/** By their JIDs, the order in which contacts are written everywhere. */
export function sortedContacts(roster: Roster): readonly Contact[] {
  return [...roster.values()].sort((a, b) => (a.jid < b.jid ? -1 : 1))
}

export function sameContact(a: Contact, b: Contact): boolean {
  return (
    a.jid === b.jid &&
    a.name === b.name &&
    a.subscription === b.subscription &&
    a.ask === b.ask &&
    a.approved === b.approved &&
    a.groups.length === b.groups.length &&
    a.groups.every((group, i) => group === b.groups[i])
  )
}
