import { createHash, timingSafeEqual } from 'node:crypto'
import type { Domain } from '@rollcall/roster'
import { parseCredentials } from './credentials.ts'
import type { Right, TokenEntry } from './token-entry.ts'

export type Authentication =
  | { readonly kind: 'ok'; readonly token: TokenEntry }
  | { readonly kind: 'missing' }
  | { readonly kind: 'wrong' }

export interface TokenRegistry {
  /** Who sent this Authorization header: `missing` when there is no token in it, `wrong` when it is none of ours. */
  authenticate(authorization: string | undefined): Authentication
  /** The same for a token that came in another way. */
  check(token: string): Authentication
  /** The entry with this id, which is not secret. */
  find(id: string): TokenEntry | null
}

const MISSING: Authentication = { kind: 'missing' }
const WRONG: Authentication = { kind: 'wrong' }
const TOKEN = /^rc_([a-z0-9]{4,32})_[A-Za-z0-9_-]{43}$/

/** Checks tokens against their entries; several of one holder may live at once, for rotation. */
export function tokenRegistry(entries: readonly TokenEntry[]): TokenRegistry {
  const byId = new Map(
    entries.map((token) => [
      token.id,
      { ok: { kind: 'ok', token } as const, sha256: Buffer.from(token.sha256, 'hex') },
    ]),
  )
  function check(token: string): Authentication {
    // Ids are no secrets (they stand in logs): only the comparison of the rest has to take constant time.
    const known = byId.get(TOKEN.exec(token)?.[1] ?? '')
    if (known === undefined) return WRONG
    const sha256 = createHash('sha256').update(token).digest()
    return timingSafeEqual(sha256, known.sha256) ? known.ok : WRONG
  }
  return {
    authenticate(authorization) {
      if (authorization === undefined) return MISSING
      const credentials = parseCredentials(authorization)
      return credentials === null ? MISSING : check(credentials)
    },
    check,
    find: (id) => byId.get(id)?.ok.token ?? null,
  }
}

/** Whether a token may do that for users of that domain. */
export function mayUse(token: TokenEntry, right: Right, domain: Domain): boolean {
  return token.rights.includes(right) && (token.domains === '*' || token.domains.includes(domain))
}
