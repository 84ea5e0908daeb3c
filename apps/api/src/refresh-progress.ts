import {
  type Failure,
  MAX_LISTED_FAILURES,
  type RefreshCounts,
  type RefreshOutcome,
  type RefreshProgress,
} from '@rollcall/roster'
import type { RosterStore, UserState } from '@rollcall/runtime'
import type { RefreshChunk, RefreshHeader, RefreshRecords } from './refresh-records.ts'
import { type Settlement, settlementOf } from './settlements.ts'

export interface ProgressDeps {
  readonly store: Pick<RosterStore, 'states'>
  readonly records: RefreshRecords
  readonly shards: number
  readonly nameOf: (jid: RefreshChunk['users'][number]) => string
}

/** How far a refresh has come, on whichever api it was asked for; null when it is not known (any more). */
export async function readProgress(id: string, deps: ProgressDeps): Promise<RefreshProgress | null> {
  const result = await deps.records.result(id)
  if (result) return result
  const header = await deps.records.header(id)
  if (!header) return null
  const counts = { updated: 0, changed: 0, errors: 0, pending: 0, failures: [] as Failure[] }
  for (let at = 0; at < header.chunks; at++) {
    const chunk = await deps.records.chunk(id, at)
    if (!chunk) return deps.records.result(id) // finished while we looked
    await count(chunk, counts, deps)
  }
  const progress = progressOf(header, counts)
  if (progress.state === 'done') await deps.records.finish(header, progress)
  return progress
}

export function progressOf(header: RefreshHeader, counts: RefreshOutcome): RefreshProgress {
  const { id, caller, domain, acceptedAt, total, unusable } = header
  return {
    id,
    caller,
    domain,
    state: counts.pending === 0 ? 'done' : 'running',
    acceptedAt,
    total,
    updated: counts.updated,
    changed: counts.changed,
    errors: counts.errors + unusable.count,
    pending: counts.pending,
    failures: [...unusable.failures, ...counts.failures].slice(0, MAX_LISTED_FAILURES),
  }
}

const RESHARDED = { code: 'store-reset', message: 'SHARDS was changed while this refresh ran; send it again' } as const

type Counts = { -readonly [K in keyof RefreshCounts]: number } & { failures: Failure[] }

async function count(chunk: RefreshChunk, counts: Counts, { store, shards, nameOf }: ProgressDeps): Promise<void> {
  if (!chunk.requested) {
    counts.pending += chunk.users.length
    return
  }
  if (chunk.shard >= shards) {
    counts.errors += chunk.users.length
    counts.failures.push(...chunk.users.map((jid) => ({ username: nameOf(jid), ...RESHARDED })))
    return
  }
  const { epoch, states } = await store.states(chunk.shard, chunk.users)
  states.forEach((state, i) => {
    const jid = chunk.users[i]
    const settlement = jid !== undefined && settlementAt(chunk, i, epoch, state)
    if (!settlement) counts.pending++
    else if (settlement.kind === 'updated') {
      counts.updated++
      if (settlement.changed) counts.changed++
    } else {
      counts.errors++
      const { code, message } = settlement
      if (counts.failures.length < MAX_LISTED_FAILURES) counts.failures.push({ username: nameOf(jid), code, message })
    }
  })
}

function settlementAt({ requested }: RefreshChunk, i: number, epoch: string, state: UserState): Settlement | null {
  const generation = requested?.generations[i]
  if (!requested || generation === undefined) return null
  const expected = { epoch: requested.epoch, generation, version: requested.versions[i] ?? 0 }
  return settlementOf({ ...state, epoch }, expected, true)
}
