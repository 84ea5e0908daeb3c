import type { BareJid, OpsRefreshUserState, OpsRefreshUsers } from '@rollcall/roster'
import { type ProgressDeps, settlementsIn } from './refresh-progress.ts'
import type { RefreshHeader } from './refresh-records.ts'

/** Where a page of the users of a refresh begins. */
export interface UserPlace {
  readonly chunk: number
  /** In the chunk. */
  readonly user: number
}

/** Of 500 users each; a page that few users match ends behind so many, and says where to go on. */
const CHUNKS_PER_PAGE = 20

type UserOfRefresh = OpsRefreshUsers['users'][number]

/** Up to `most` users of a refresh as they are now, in the order in which they were asked for. */
export async function refreshUsersPage(
  header: RefreshHeader,
  isWanted: (jid: BareJid, state: OpsRefreshUserState) => boolean,
  from: UserPlace,
  most: number,
  deps: Pick<ProgressDeps, 'store' | 'records' | 'shards'>,
): Promise<{ readonly users: readonly UserOfRefresh[]; readonly next: UserPlace | null }> {
  const isStopped = header.cancelledAt !== undefined && !(await deps.records.isAccepting(header.id))
  const users: UserOfRefresh[] = []
  const end = Math.min(header.chunks, from.chunk + CHUNKS_PER_PAGE)
  for (let at = from.chunk; at < end; at++) {
    const chunk = await deps.records.chunk(header.id, at)
    if (!chunk) return { users, next: null } // its time is over, or it went well
    const settlements = await settlementsIn(chunk, isStopped, deps)
    for (let i = at === from.chunk ? from.user : 0; i < chunk.users.length; i++) {
      const jid = chunk.users[i]
      const settlement = settlements[i] ?? null
      const state = settlement?.kind ?? 'pending'
      if (jid === undefined || !isWanted(jid, state)) continue
      if (users.length === most) return { users, next: { chunk: at, user: i } }
      users.push(
        settlement?.kind === 'failed'
          ? { jid, state, code: settlement.code, message: settlement.message }
          : { jid, state },
      )
    }
  }
  return { users, next: end < header.chunks ? { chunk: end, user: 0 } : null }
}
