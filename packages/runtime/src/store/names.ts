import { type BareJid, bareJid, type Domain, type Username } from '@rollcall/roster'

/** Member of `names`: sorts by domain, then by username, for the search by prefix. */
export const nameOf = (domain: Domain, username: string): string => `${domain}\0${username}`

export function userOfName(name: string): { readonly name: string; readonly user: BareJid } {
  const [domain, username] = name.split('\0') as [Domain, Username]
  return { name: username, user: bareJid(username, domain) }
}
