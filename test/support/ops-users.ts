import type { BareJid } from '@rollcall/roster'
import { type ShardKeys, shardKeys, shardOf } from '@rollcall/runtime'
import type { Answer } from './http.ts'
import type { Rollcall } from './rollcall.ts'
import { bearer, type TestToken } from './tokens.ts'

/** What tests of the users in the dashboard ask of a Rollcall, as an operator where they say nothing else. */
export const opsUsersOf = (rollcall: Rollcall, operator: TestToken) => ({
  ask: (path: string, method = 'GET', token: { readonly token: string } = operator): Promise<Answer> =>
    rollcall.send(`/ops/api${path}`, { method, headers: bearer(token) }),
  refresh: (...users: string[]) => rollcall.refresh(users, bearer(operator)),
  shardFor: (user: string): number => shardOf(user as BareJid, rollcall.config.shards),
  keysFor: (user: string): ShardKeys => shardKeys(shardOf(user as BareJid, rollcall.config.shards)),
})
