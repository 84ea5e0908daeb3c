import {
  type BareJid,
  type Failure,
  MAX_LISTED_FAILURES,
  type RefreshCounts,
  type RefreshOutcome,
  type RefreshProgress,
} from '@rollcall/roster'
import type { RosterStore } from '@rollcall/runtime'
import { countFailure, type FailureCount, failureCounts, sumOfFailures } from './failure-counts.ts'
import type { RefreshChunk, RefreshFound, RefreshHeader, RefreshRecords } from './refresh-records.ts'
import { type Settlement, settlementOf } from './settlements.ts'

export interface ProgressDeps {
  readonly store: Pick<RosterStore, 'states'>
  readonly records: RefreshRecords
  readonly shards: number
  readonly nameOf: (jid: BareJid) => string
}

/** How far a refresh has come, on whichever api it was asked for; null when it is not known (any more). */
export const readProgress = async (id: string, deps: ProgressDeps): Promise<RefreshProgress | null> =>
  (await readRefresh(id, deps))?.progress ?? null

/** The same, with all failures counted. */
export async function readRefresh(id: string, deps: ProgressDeps): Promise<RefreshFound | null> {
  const result = await deps.records.result(id)
  if (result) return result
  const header = await deps.records.header(id)
  if (!header) return null
  // Looked at before the chunks: whoever takes it in writes the last of them down before he says that he is through.
  const isStopped = header.cancelledAt !== undefined && !(await deps.records.isAccepting(id))
  const counts: Counts = { updated: 0, changed: 0, errors: 0, pending: 0, failures: [], byCode: new Map() }
  for (let at = 0; at < header.chunks; at++) {
    const chunk = await deps.records.chunk(id, at)
    if (!chunk) return deps.records.result(id) // finished while we looked
    await count(chunk, isStopped, counts, deps)
  }
  const found = foundOf(header, counts, [...counts.byCode.values()])
  if (found.progress.state === 'done') await deps.records.finish(header, found)
  return found
}

/** `byCode`: of the failures of `counts`. */
export function foundOf(header: RefreshHeader, counts: RefreshOutcome, byCode: readonly FailureCount[]): RefreshFound {
  const { unusable } = header
  const failuresByCode = sumOfFailures(unusable.byCode ?? failureCounts(unusable.failures), byCode)
  return { progress: progressOf(header, counts), failuresByCode }
}

/** Nobody has been asked for yet. */
export const progressAtFirst = (header: RefreshHeader): RefreshProgress =>
  progressOf(header, { updated: 0, changed: 0, errors: 0, pending: header.total - header.unusable.count, failures: [] })

function progressOf(header: RefreshHeader, counts: RefreshOutcome): RefreshProgress {
  const { id, caller, domain, acceptedAt, cancelledAt, total, unusable } = header
  return {
    id,
    caller,
    domain,
    state: counts.pending === 0 ? 'done' : 'running',
    acceptedAt,
    ...(cancelledAt !== undefined && { cancelledAt }),
    total,
    updated: counts.updated,
    changed: counts.changed,
    errors: counts.errors + unusable.count,
    pending: counts.pending,
    failures: [...unusable.failures, ...counts.failures].slice(0, MAX_LISTED_FAILURES),
  }
}

type Counts = { -readonly [K in keyof RefreshCounts]: number } & {
  failures: Failure[]
  byCode: Map<Failure['code'], FailureCount>
}

async function count(chunk: RefreshChunk, isStopped: boolean, counts: Counts, deps: ProgressDeps): Promise<void> {
  const settlements = await settlementsIn(chunk, isStopped, deps)
  chunk.users.forEach((jid, i) => {
    const settlement = settlements[i]
    if (!settlement) counts.pending++
    else if (settlement.kind === 'updated') {
      counts.updated++
      if (settlement.changed) counts.changed++
    } else {
      counts.errors++
      const failure = { username: deps.nameOf(jid), code: settlement.code, message: settlement.message }
      countFailure(counts.byCode, failure)
      if (counts.failures.length < MAX_LISTED_FAILURES) counts.failures.push(failure)
    }
  })
}

type Failed = Extract<Settlement, { readonly kind: 'failed' }>

const RESHARDED: Failed = {
  kind: 'failed',
  code: 'store-reset',
  message: 'SHARDS was changed while this refresh ran; send it again',
}

/** Of a user who had not been asked for, or not been fetched, when an operator cancelled the refresh. */
export const CANCELLED: Failed = {
  kind: 'failed',
  code: 'refresh-cancelled',
  message: 'An operator cancelled the refresh before this user was fetched',
}

/** What has become of each user of a chunk; null: nothing yet. `isStopped`: who was not asked for never will be. */
export async function settlementsIn(
  { shard, users, requested }: RefreshChunk,
  isStopped: boolean,
  { store, shards }: Pick<ProgressDeps, 'store' | 'shards'>,
): Promise<(Settlement | null)[]> {
  if (!requested) return users.map(() => (isStopped ? CANCELLED : null))
  if (shard >= shards) return users.map(() => RESHARDED)
  const { epoch, states } = await store.states(shard, users)
  return states.map((state, i) => {
    const generation = requested.generations[i]
    if (generation === undefined) return null
    const expected = { epoch: requested.epoch, generation, version: requested.versions[i] ?? 0 }
    return settlementOf({ ...state, epoch }, expected, true)
  })
}
