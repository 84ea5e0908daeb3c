import { type BackendClient, backendClient } from '@rollcall/backend'
import {
  diffBodies,
  EMPTY_BODY,
  isEmptyDiff,
  type OpsComparison,
  toV1Contact,
  type User,
  writeContacts,
} from '@rollcall/roster'
import type { RosterStore } from '@rollcall/runtime'
import { OpsError } from './route.ts'

type BackendOptions = Parameters<typeof backendClient>[0]

export interface CompareDeps extends Omit<BackendOptions, 'connections'> {
  readonly store: Pick<RosterStore, 'read'>
}

/** Backends are asked for no more besides what the workers ask for. */
const AT_A_TIME = 4

/** Compares what is stored with what the backend has now, and stores nothing. */
export function comparison({ store, ...options }: CompareDeps) {
  let client: BackendClient | undefined
  let running = 0

  async function fetchWhole(user: User) {
    client ??= backendClient({ ...options, connections: AT_A_TIME })
    const startedAt = performance.now()
    const answer = await client.fetchRoster(user, {}) // nothing to compare with: so the whole roster comes
    return { answer, tookMs: performance.now() - startedAt }
  }

  async function compare(user: User): Promise<OpsComparison> {
    const { answer, tookMs } = await fetchWhole(user)
    if (answer.kind === 'failed' || answer.kind === 'gone')
      return { kind: 'failed', tookMs, code: answer.code, message: answer.message }
    if (answer.kind === 'unchanged') throw new Error(`The backend of ${user.domain} compared with nothing`)
    const stored = await store.read(user.jid)
    const diff = diffBodies(stored ? stored.body.toString() : EMPTY_BODY, writeContacts(answer.roster))
    if (stored && isEmptyDiff(diff)) return { kind: 'same', tookMs }
    const { added, updated, removed } = diff
    return { kind: 'differs', tookMs, added: added.map(toV1Contact), updated: updated.map(toV1Contact), removed }
  }

  return {
    /** Whatever the backend does is an answer. Throws OpsError (503) when too many compare at once. */
    async compare(user: User): Promise<OpsComparison> {
      if (running >= AT_A_TIME)
        throw new OpsError(503, `${AT_A_TIME} rosters are being compared by this api already; try again in a moment`)
      running++
      try {
        return await compare(user)
      } finally {
        running--
      }
    },
    async close(): Promise<void> {
      await client?.close()
    },
  }
}
