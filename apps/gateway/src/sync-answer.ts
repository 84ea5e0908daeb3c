import type { Synced } from './sync-user.ts'
import type { TaskResult } from './tasks.ts'

/** What came of a request to sync one user, as whoever asked reads it. */
export interface SyncAnswer {
  readonly result: TaskResult
  /** Contacts that were written, or would be; absent: nothing is stored of the user, or the target compares nothing. */
  readonly plan?: {
    readonly puts: readonly string[]
    readonly removes: readonly string[]
    readonly own: readonly string[]
    readonly unmarked: readonly string[]
  }
  readonly writes: number
}

export function answerOf(result: TaskResult, synced?: Synced | null): SyncAnswer {
  if (!synced) return { result, writes: 0 }
  const { puts, removes, own, unmarked } = synced.plan
  return { result, plan: { puts: puts.map(({ jid }) => jid), removes, own, unmarked }, writes: synced.writes }
}
