import type { BareJid } from './bare-jid.ts'
import { type Contact, type Roster, sortedContacts } from './contact.ts'
import { asXmlAttribute, asXmlText } from './xml-text.ts'

/**
 * Which contacts on an XMPP server are the application's.
 * - `all`: every one; what the backend does not name is removed.
 * - `marked`: those in one of these groups. Users keep their own contacts, and since the mark is in the roster itself, it
 *   survives whatever Rollcall loses.
 */
export type Ownership = { readonly kind: 'all' } | { readonly kind: 'marked'; readonly groups: ReadonlySet<string> }

/** What has to be written so that a server holds the roster it should. Each in the order of the JIDs. */
export interface SyncPlan {
  /** Contacts to be added or changed, as they are to be. */
  readonly puts: readonly Contact[]
  readonly removes: readonly BareJid[]
  /** Contacts of the backend that stay away because they are in none of the marked groups. */
  readonly unmarked: readonly BareJid[]
  /** Contacts of the backend that a user has made for himself: they are his. */
  readonly own: readonly BareJid[]
}

/** Compares what a roster set of RFC 6121 can say: name, groups and subscription. `ask` and `approved` are the server's. */
export function planSync(desired: Roster, actual: Roster, ownership: Ownership): SyncPlan {
  const owns = ({ groups }: Contact) => ownership.kind === 'all' || groups.some((group) => ownership.groups.has(group))
  const puts: Contact[] = []
  const removes: BareJid[] = []
  const unmarked: BareJid[] = []
  const own: BareJid[] = []
  for (const contact of sortedContacts(desired)) {
    const there = actual.get(contact.jid)
    if (!owns(contact)) unmarked.push(contact.jid)
    else if (there === undefined) puts.push(contact)
    else if (!owns(there)) own.push(contact.jid)
    else if (!sameItem(contact, there)) puts.push(contact)
  }
  for (const there of sortedContacts(actual)) {
    const wanted = desired.get(there.jid)
    if (owns(there) && (wanted === undefined || !owns(wanted))) removes.push(there.jid)
  }
  return { puts, removes, unmarked, own }
}

export const isEmptyPlan = ({ puts, removes }: SyncPlan): boolean => puts.length === 0 && removes.length === 0

/** An empty name is none. As they are after their way through XML: a line break in a name is not written for ever. */
const sameItem = (a: Contact, b: Contact): boolean =>
  same(a.name ?? '', b.name ?? '', asXmlAttribute) &&
  a.subscription === b.subscription &&
  a.groups.length === b.groups.length &&
  a.groups.every((group, i) => same(group, b.groups[i] as string, asXmlText))

const same = (a: string, b: string, arrives: (text: string) => string): boolean => a === b || arrives(a) === arrives(b)
