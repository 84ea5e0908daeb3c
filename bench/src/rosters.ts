export const CONTACTS = 20
export const POPULATION = 10_000
export const DOMAIN = 'localhost'

export const usernameAt = (i: number): string => `user${String(i % POPULATION).padStart(5, '0')}`

/** The contact that tells one version of a roster from the next. */
export const guestOf = (version: number): string => `guest${version}@${DOMAIN}`

/**
 * The roster of a user as the backend sends it, about 2 KB: 19 contacts that stay and a guest. From one version to the
 * next one contact is removed and one is added.
 */
export function rosterText(username: string, version: number): string {
  return `{${contact(guestOf(version), version)},${lasting(username)}}`
}

const known = new Map<string, string>()

function lasting(username: string): string {
  const text = known.get(username)
  if (text !== undefined) return text
  const at = Number(username.slice('user'.length))
  const contacts = Array.from({ length: CONTACTS - 1 }, (_, k) =>
    contact(`${usernameAt(at + 1 + k * 397)}@${DOMAIN}`, at + k),
  )
  const joined = contacts.join(',')
  known.set(username, joined)
  return joined
}

const NAMES = ['Marie Dupont', 'Michael Schmidt', 'Aïcha Benali', 'John Smith', 'Zofia Kowalska']
const GROUPS = ['["Friends"]', '["Family","Friends"]', '["Work"]', '[]', '["Running club"]']

const contact = (jid: string, i: number): string =>
  `"${jid}":{"name":"${NAMES[i % NAMES.length]}","groups":${GROUPS[i % GROUPS.length]},"subscription":"both"}`
