import type { BareJid } from './bare-jid.ts'
import { type Contact, type Roster, type Subscription, sortedContacts } from './contact.ts'

/**
 * The roster as JSON text in the form that mod_http_roster_admin reads: an object keyed by JID, `groups` an object
 * (`{"Friends":true}`; Prosody hangs on an array), no nulls. Equal rosters give equal texts.
 *
 * Written by hand, since an object of JavaScript would put integer-like keys first and lose `__proto__`.
 */
export function toContactsBody(roster: Roster): string {
  let body = ''
  for (const contact of sortedContacts(roster)) {
    body += `${body === '' ? '{' : ','}${quote(contact.jid)}:${contactText(contact)}`
  }
  return body === '' ? '{}' : `${body}}`
}

function contactText(contact: Contact): string {
  let text = '{'
  if (contact.name !== undefined) text += `"name":${quote(contact.name)},`
  text += `"subscription":"${contact.subscription}"`
  if (contact.ask !== undefined) text += `,"ask":"${contact.ask}"`
  if (contact.approved !== undefined) text += `,"approved":${contact.approved}`
  return `${text},"groups":{${contact.groups.map((group) => `${quote(group)}:true`).join(',')}}}`
}

/** JSON.stringify costs more than the test that it is not needed. */
function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text)
}

const PLAIN = /^[ !#-[\]-~]*$/

interface StoredContact extends Omit<Contact, 'jid' | 'groups'> {
  readonly subscription: Subscription
  readonly groups: Readonly<Record<string, true>>
}

/** Reads back what `toContactsBody` wrote. Not for anything else: nothing is checked. */
export function readContactsBody(body: string): Roster {
  const roster = new Map<BareJid, Contact>()
  const stored: Record<BareJid, StoredContact> = JSON.parse(body)
  for (const [key, contact] of Object.entries(stored)) {
    const jid = key as BareJid
    roster.set(jid, { jid, ...contact, groups: Object.keys(contact.groups).sort() })
  }
  return roster
}
