import { type BareJid, type Domain, type User, type Username, userOf } from '@rollcall/roster'

/** Member of `names`: sorts by domain, then by username, for the search by prefix. */
export const nameOf = (domain: Domain, username: string): string => `${domain}\0${username}`

export function userNamed(name: string): User {
  const [domain, username] = name.split('\0') as [Domain, Username]
  return userOf(username, domain)
}

export function userOfName(name: string): { readonly name: string; readonly user: BareJid } {
  const { username, jid } = userNamed(name)
  return { name: username, user: jid }
}
