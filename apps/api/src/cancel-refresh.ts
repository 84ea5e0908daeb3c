import { setTimeout as delay } from 'node:timers/promises'
import type { BareJid, OpsPart } from '@rollcall/roster'
import { PRIORITY, type RefreshQueue, type RosterStore } from '@rollcall/runtime'
import { CANCELLED } from './refresh-progress.ts'
import type { RefreshChunk, RefreshHeader, RefreshRecords } from './refresh-records.ts'

export interface CancelDeps {
  readonly store: Pick<RosterStore, 'cancel' | 'states'>
  readonly queue: Pick<RefreshQueue, 'withdraw' | 'enqueue'>
}

/** Users cancelled by one call: a second's work or two. */
const USERS_PER_CALL = 10_000
/** One takes Redis 12 µs, and nobody else is served meanwhile. */
const USERS_AT_ONCE = 100
/** Whoever takes a refresh in looks between two chunks of users whether it was cancelled. */
const STOPS_WITHIN_MS = 2_000
const LOOK_EVERY_MS = 50

/**
 * Cancels what is left of a refresh: nobody else is asked for, and who was asked for and waits to be fetched settles as
 * failed. Fetches that run end as they end. Harmless when it is done twice; says how many may be left for another call.
 */
export async function cancelRefresh(
  header: RefreshHeader,
  { records, shards, ...deps }: CancelDeps & { readonly records: RefreshRecords; readonly shards: number },
): Promise<OpsPart> {
  await records.cancel(header.id, new Date().toISOString())
  const isStopped = await untilStopped(header.id, records)
  const isFirst = isStopped && (await records.stopped(header.id))
  let done = 0
  let left = 0
  for await (const chunk of records.chunks(header)) {
    if (chunk.shard >= shards) continue // SHARDS was changed: nobody is fetched for it any more
    if (chunk.requested && done < USERS_PER_CALL) done += await cancelChunk(chunk, deps)
    else if (chunk.requested || !isStopped) left += chunk.users.length
    else if (isFirst) done += chunk.users.length
  }
  return { done, left }
}

/** False: whoever takes it in is slow, or dead, and another one has not gone on yet. */
async function untilStopped(id: string, records: RefreshRecords): Promise<boolean> {
  const deadline = performance.now() + STOPS_WITHIN_MS
  while (await records.isAccepting(id)) {
    if (performance.now() > deadline) return false
    await delay(LOOK_EVERY_MS)
  }
  return true
}

/** Returns how many have settled by it. */
export async function cancelChunk({ shard, users, requested }: RefreshChunk, deps: CancelDeps): Promise<number> {
  if (!requested) return 0
  const { epoch, generations } = requested
  let cancelled = 0
  for (let i = 0; i < users.length; i += USERS_AT_ONCE) {
    const end = i + USERS_AT_ONCE
    cancelled += await cancelUsers(shard, users.slice(i, end), { epoch, generations: generations.slice(i, end) }, deps)
  }
  return cancelled
}

async function cancelUsers(
  shard: number,
  users: readonly BareJid[],
  asked: { readonly epoch: string; readonly generations: readonly number[] },
  { store, queue }: CancelDeps,
): Promise<number> {
  const { cancelled, closed } = await store.cancel(shard, users, asked, CANCELLED)
  if (closed.length === 0) return cancelled
  await queue.withdraw(closed)
  // Who was asked for since may have had no other job than the one that is gone now.
  const { states } = await store.states(shard, closed)
  const open = closed.filter((_, i) => {
    const state = states[i]
    return state && state.wanted > Math.max(state.fetched, state.failed)
  })
  if (open.length > 0) await queue.enqueue(open, PRIORITY.bulk)
  return cancelled
}
