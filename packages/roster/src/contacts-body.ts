import type { BareJid } from './bare-jid.ts'
import { type Contact, type Roster, sortedContacts } from './contact.ts'
import type { RosterDiff } from './diff-rosters.ts'
import { type Members, memberAt, parseMembers } from './json-members.ts'

/**
 * The roster as JSON text in the form that mod_http_roster_admin reads: an object keyed by JID, `groups` an object
 * (`{"Friends":true}`; Prosody hangs on an array), no nulls. Equal rosters give equal texts.
 *
 * Written by hand, since an object of JavaScript would put integer-like keys first and lose `__proto__`.
 */
export function toContactsBody(roster: Roster): string {
  return writeContacts(roster).body
}

export interface WrittenContacts {
  readonly body: string
  /** In the order of the body. */
  readonly members: readonly Member[]
}

interface Member {
  readonly contact: Contact
  /** What stands in the body: `"jid":{…}`. */
  readonly text: string
}

/** As `toContactsBody`, with its parts for `diffBodies`. */
export function writeContacts(roster: Roster): WrittenContacts {
  const members = sortedContacts(roster).map((contact) => ({
    contact,
    text: `${quote(contact.jid)}:${contactText(contact)}`,
  }))
  let body = ''
  for (const { text } of members) body += `${body === '' ? '{' : ','}${text}`
  return { body: body === '' ? EMPTY_BODY : `${body}}`, members }
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
 * As `diffRosters` of the rosters that two bodies were written from. Goes through both side by side: they have one order,
 * and equal contacts have equal texts, so nothing has to be parsed, and what did not change is only compared.
 */
export function diffBodies(before: string, after: WrittenContacts): RosterDiff {
  const added: Contact[] = []
  const updated: Contact[] = []
  const removed: BareJid[] = []
  let at = 1 // behind the {
  for (const { contact, text } of after.members) {
    for (;;) {
      if (before.startsWith(text, at)) {
        at += text.length + 1
        break
      }
      const stored = memberAt(before, at)
      if (stored === undefined || stored.key > contact.jid) {
        added.push(contact)
        break
      }
      at = stored.end + 1
      if (stored.key === contact.jid) {
        updated.push(contact)
        break
      }
      removed.push(stored.key as BareJid)
    }
  }
  for (let rest = memberAt(before, at); rest !== undefined; rest = memberAt(before, rest.end + 1))
    removed.push(rest.key as BareJid)
  return { added, updated, removed }
}
