import { DOMAIN } from '../rosters.ts'

export interface Item {
  readonly jid: string
  readonly name: string
  readonly group: string
}

/** Contacts of a roster before anything is measured. */
const STANDING = 5

const GROUPS = ['Friends', 'Family', 'Work']

export const itemOf = (username: string): Item => ({
  jid: jidOf(username),
  name: `The one who is ${username}`,
  group: GROUPS[username.length % GROUPS.length] ?? '',
})

export const jidOf = (username: string): string => `${username}@${DOMAIN}`

/** The contact by which a roster of one round differs from that of the round before. */
export const guestOf = (round: number): Item => itemOf(`guest${round}`)

/** What everybody has after so many rounds. */
export const itemsAfter = (rounds: number): Item[] => [
  ...Array.from({ length: STANDING }, (_, i) => itemOf(`friend${i + 1}`)),
  ...Array.from({ length: rounds }, (_, i) => guestOf(i + 1)),
]

/** As the backend answers. */
export const rosterOf = (items: readonly Item[]): object =>
  Object.fromEntries(items.map(({ jid, name, group }) => [jid, { name, groups: [group], subscription: 'both' }]))

export function splitOf(jid: string): { user: string; host: string } {
  const [user = '', host = ''] = jid.split('@')
  return { user, host }
}
