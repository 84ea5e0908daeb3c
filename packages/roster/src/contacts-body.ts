import type { BareJid } from './bare-jid.ts'
import { type Contact, type Roster, sortedContacts } from './contact.ts'
import { diffBy, diffRosters, type RosterDiff } from './diff-rosters.ts'
import { type Members, parseMembers, scanMembers } from './json-members.ts'

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
  return body === '' ? EMPTY_BODY : `${body}}`
}

/** The body of a roster without contacts. */
export const EMPTY_BODY = '{}'

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
  readonly groups: Readonly<Record<string, true>>
}

/** Reads back what `toContactsBody` wrote. Not for anything else: nothing is checked. */
export function readContactsBody(body: string): Roster {
  const { keys, values } = parseMembers(body) ?? membersOf(JSON.parse(body))
  const roster = new Map<BareJid, Contact>()
  for (const [i, key] of keys.entries()) {
    const jid = key as BareJid
    const contact = values[i] as StoredContact
    roster.set(jid, { jid, ...contact, groups: Object.keys(contact.groups).sort() })
  }
  return roster
}

const membersOf = (json: object): Members => ({ keys: Object.keys(json), values: Object.values(json) })

/**
 * As `diffRosters(readContactsBody(body), after)`: equal contacts have equal texts, so none has to be parsed.
 */
export function diffFromBody(body: string, after: Roster): RosterDiff {
  const members = scanMembers(body)
  if (members === undefined) return diffRosters(readContactsBody(body), after)
  const before = new Map(members.keys.map((key, i) => [key as BareJid, members.texts[i]]))
  return diffBy(before, after, (text, contact) => text === contactText(contact))
}
