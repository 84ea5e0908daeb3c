export const CONTACTS = 20
export const POPULATION = 10_000
export const DOMAIN = 'localhost'

export const usernameAt = (i: number): string => `user${String(i).padStart(5, '0')}`

/** The contact that tells one version of a roster from the next. */
export const guestOf = (version: number): string => `guest${version}@${DOMAIN}`

/**
 * The roster of a user as the backend sends it, about 2 KB: 19 contacts that stay and a guest. From one version to the
 * next one contact is removed and one is added.
 */
export function rosterText(username: string, version: number): string {
  return `{${contact(guestOf(version), version)},${lasting(username)}}`
}

const known = new Map<number, string>()

/** The same for every POPULATION-th user, or a backend of a million would remember gigabytes. */
function lasting(username: string): string {
  const at = Number(username.slice('user'.length)) % POPULATION
  const text = known.get(at)
  if (text !== undefined) return text
  const contacts = Array.from({ length: CONTACTS - 1 }, (_, k) =>
    contact(`${usernameAt((at + 1 + k * 397) % POPULATION)}@${DOMAIN}`, at + k),
  )
  const joined = contacts.join(',')
  known.set(at, joined)
  return joined
}

const NAMES = ['Marie Dupont', 'Michael Schmidt', 'Aïcha Benali', 'John Smith', 'Zofia Kowalska']
const GROUPS = ['["Friends"]', '["Family","Friends"]', '["Work"]', '[]', '["Running club"]']

const contact = (jid: string, i: number): string =>
  `"${jid}":{"name":"${NAMES[i % NAMES.length]}","groups":${GROUPS[i % GROUPS.length]},"subscription":"both"}`
