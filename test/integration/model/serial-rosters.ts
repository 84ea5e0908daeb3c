import { type BareJid, bareJid, type Contact, type Domain, type Roster, type Username } from '@rollcall/roster'

const DOMAIN = 'example.org' as Domain
const SERIAL = 'serial@contacts.example' as BareJid

export const userJid = (i: number): BareJid => bareJid(`user${i}` as Username, DOMAIN)

/** The roster of a user after so many changes: no two are alike, and from one to the next contacts come, go and change. */
export function rosterOf(serial: number): Roster {
  const other = `contact${serial % 3}@contacts.example` as BareJid
  const contacts: Contact[] = [
    { jid: SERIAL, name: String(serial), groups: [], subscription: 'both' },
    { jid: other, groups: serial % 2 === 0 ? ['Even'] : [], subscription: 'both' },
  ]
  return new Map(contacts.map((contact) => [contact.jid, contact]))
}

export const serialOf = (roster: Roster): number => Number(roster.get(SERIAL)?.name)
