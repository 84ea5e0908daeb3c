import { createHash, randomBytes } from 'node:crypto'
import type { TokenEntry } from './token-entry.ts'

/** A new token, to be shown once, and the entry for the configuration (`TOKENS`), which does not hold the token. */
export function makeToken(holder: Pick<TokenEntry, 'name' | 'rights' | 'domains'>): {
  readonly token: string
  readonly entry: TokenEntry
} {
  const id = randomBytes(5).toString('hex')
  const token = `rc_${id}_${randomBytes(32).toString('base64url')}`
  const { name, rights, domains } = holder
  return { token, entry: { name, id, sha256: createHash('sha256').update(token).digest('hex'), rights, domains } }
}
