import type { z } from 'zod'
import { type Domain, parseDomain } from './domain.ts'
import { type Normalised, normalisedString } from './normalised.ts'
import { parseUsername, type Username } from './username.ts'

/** `username@domain`, or a domain alone (a gateway, a component, a server); both parts normalised. RFC 7622. */
export const BareJid = normalisedString(normalise).brand('BareJid')
export type BareJid = z.infer<typeof BareJid>

export type BareJidResult =
  | { readonly kind: 'valid'; readonly jid: BareJid }
  | { readonly kind: 'invalid'; readonly reason: string }

/** Takes a full JID too and drops its resource, unchecked. `reason` says what is wrong, and is safe to print. */
export function parseBareJid(text: string): BareJidResult {
  const result = normalise(text)
  if ('normal' in result) return { kind: 'valid', jid: result.normal as BareJid }
  return { kind: 'invalid', reason: result.reason }
}

export function bareJid(username: Username, domain: Domain): BareJid {
  return `${username}@${domain}` as BareJid
}

export function splitBareJid(jid: BareJid): { readonly username?: Username; readonly domain: Domain } {
  const at = jid.indexOf('@')
  if (at === -1) return { domain: jid as string as Domain }
  return { username: jid.slice(0, at) as Username, domain: jid.slice(at + 1) as Domain }
}

/** What nearly all JIDs look like and what needs no normalising; the length keeps each label under its limit. */
const PLAIN = /^[a-z0-9_-][a-z0-9._-]*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)*[a-z]+$/
const MAX_PLAIN = 64

// The order matters: a resource may contain @, and / is the first that counts (RFC 7622 §3.1).
function normalise(text: string): Normalised {
  if (text.length <= MAX_PLAIN && PLAIN.test(text)) return { normal: text }
  const slash = text.indexOf('/')
  if (slash !== -1 && slash === text.length - 1) return { reason: 'there is no resource after the /' }
  const bare = slash === -1 ? text : text.slice(0, slash)
  const at = bare.indexOf('@')
  const domain = parseDomain(bare.slice(at + 1))
  if (domain.kind === 'invalid') return domain
  if (at === -1) return { normal: domain.domain }
  const username = parseUsername(bare.slice(0, at))
  if (username.kind === 'invalid') return { reason: `in the username, ${username.reason}` }
  return { normal: bareJid(username.username, domain.domain) }
}
