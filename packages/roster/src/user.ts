import { type BareJid, bareJid, splitBareJid } from './bare-jid.ts'
import { type Domain, parseDomain } from './domain.ts'
import type { Failure } from './failure.ts'
import { printable } from './printable.ts'
import { parseUsername, type Username } from './username.ts'

/** Somebody who has a roster. */
export interface User {
  readonly username: Username
  readonly domain: Domain
  readonly jid: BareJid
}

export function userOf(username: Username, domain: Domain): User {
  return { username, domain, jid: bareJid(username, domain) }
}

/** From a JID that was a user's when it was written, as in the queue: not checked again. */
export function userFromJid(jid: BareJid): User {
  const { username, domain } = splitBareJid(jid)
  if (username === undefined) throw new Error(`${printable(jid)} is not the JID of a user: it has no username`)
  return { username, domain, jid }
}

/** The configured domains, as far as this needs them. */
export interface KnownDomains {
  readonly default: Domain
  has(domain: Domain): boolean
}

export type UserResult =
  | { readonly kind: 'user'; readonly user: User }
  | { readonly kind: 'unusable'; readonly failure: Failure }

/** `john`, of the default domain, or `john@example.org`, where that domain is configured. */
export function parseUser(text: string, domains: KnownDomains): UserResult {
  const at = text.indexOf('@')
  const username = parseUsername(at === -1 ? text : text.slice(0, at))
  if (username.kind === 'invalid') return unusable(text, 'username-invalid', `Username invalid: ${username.reason}`)
  if (at === -1) return { kind: 'user', user: userOf(username.username, domains.default) }

  const domain = parseDomain(text.slice(at + 1))
  if (domain.kind === 'invalid')
    return unusable(text, 'username-invalid', `Username invalid: after the @, ${domain.reason}`)
  if (!domains.has(domain.domain))
    return unusable(text, 'domain-unknown', `Domain not configured: ${printable(domain.domain)}`)
  return { kind: 'user', user: userOf(username.username, domain.domain) }
}

function unusable(text: string, code: 'username-invalid' | 'domain-unknown', message: string): UserResult {
  return { kind: 'unusable', failure: { username: printable(text), code, message } }
}
