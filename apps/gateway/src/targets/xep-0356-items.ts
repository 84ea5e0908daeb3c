import {
  type BareJid,
  type Contact,
  isXmlText,
  parseBareJid,
  printable,
  type Roster,
  SUBSCRIPTIONS,
  sortedGroups,
  type User,
} from '@rollcall/roster'
import { type Element, xml } from '@xmpp/component'
import { nodeprepFault } from './nodeprep.ts'
import { TargetError } from './target.ts'

export const ROSTER = 'jabber:iq:roster'

/** Of one contact. A server ends the stream, for all users, at a stanza that is too large for it: Prosody at 512 KiB. */
const MAX_ITEM_BYTES = 64 * 1024

/** The query that sets one contact. Throws a TargetError for what the server would refuse, or would end the stream for. */
export function itemQuery(user: User, contact: Contact): Element {
  const { jid, name, subscription, groups } = contact
  if (jid === user.jid) throw refused(user, jid, 'nobody is his own contact')
  const fault = nodeprepFault(jid)
  if (fault !== undefined) throw refused(user, jid, fault)
  if (![name ?? '', ...groups].every(isXmlText)) throw refused(user, jid, 'it has a character that XML cannot carry')
  const item = xml('item', { jid, name, subscription }, ...groups.map((group) => xml('group', {}, group)))
  if (Buffer.byteLength(item.toString()) > MAX_ITEM_BYTES) {
    throw refused(user, jid, `it is larger than ${MAX_ITEM_BYTES} bytes`)
  }
  return xml('query', { xmlns: ROSTER }, item)
}

export const removalQuery = (jid: BareJid): Element =>
  xml('query', { xmlns: ROSTER }, xml('item', { jid, subscription: 'remove' }))

/** The roster in an answer. What cannot be read as a contact is left out, and told. */
export function readRoster(query: Element, onUnreadable: (jid: string) => void): Roster {
  const roster = new Map<BareJid, Contact>()
  for (const item of query.getChildren('item')) {
    const { jid = '' } = item.attrs
    const parsed = parseBareJid(jid)
    if (parsed.kind === 'valid') roster.set(parsed.jid, readContact(parsed.jid, item))
    else onUnreadable(jid)
  }
  return roster
}

function readContact(jid: BareJid, item: Element): Contact {
  const { name, ask, approved } = item.attrs
  const groups = item.getChildren('group').map((group) => group.getText())
  return {
    jid,
    ...(name ? { name } : {}),
    groups: sortedGroups(groups.filter((group) => group !== '')),
    subscription: SUBSCRIPTIONS.find((each) => each === item.attrs.subscription) ?? 'none',
    ...(ask === 'subscribe' ? { ask } : {}),
    ...(approved === 'true' || approved === '1' ? { approved: true } : {}),
  }
}

/** As messages call it. */
export const contactOf = (user: User, jid: BareJid): string => `Contact ${printable(jid)} of ${printable(user.jid)}`

const refused = (user: User, jid: BareJid, why: string): TargetError =>
  new TargetError('target-refused', `${contactOf(user, jid)}: ${why}`, { scope: 'user' })
