import type { Failure, User } from '@rollcall/roster'
import type { StoredRoster } from '@rollcall/runtime'
import type { Patience } from './patience.ts'
import { type RefreshDeps, refreshForLogin } from './refresh-users.ts'

export type Lookup =
  | { readonly kind: 'stored'; readonly roster: StoredRoster }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'pending' }

/** A roster that is not stored yet is fetched at once, ahead of everybody else. Throws when Redis is away. */
export async function lookupMissing(user: User, patience: Patience, deps: RefreshDeps): Promise<Lookup> {
  const { pending, failures } = await refreshForLogin(user, patience, deps)
  const roster = await deps.store.read(user.jid) // also after a failure: another refresh may have stored it meanwhile
  if (roster) return { kind: 'stored', roster }
  const [failure] = failures
  return failure && pending === 0 ? { kind: 'failed', failure } : { kind: 'pending' }
}
