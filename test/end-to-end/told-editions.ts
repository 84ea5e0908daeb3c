import { setTimeout as delay } from 'node:timers/promises'
import { RefreshSummary } from '@rollcall/roster'
import type { RedisClient } from '@rollcall/runtime'
import type { TestBackend } from '../support/backend.ts'
import type { ApiProcess } from '../support/processes.ts'
import { edit, storedEditions } from './rosters.ts'

export interface Load {
  /** Answers so far: all users updated; anything else. */
  readonly counts: { well: number; otherwise: number }
  /** Until a refresh that begins from now on ends well: after how many seconds. */
  untilWell(since: number): Promise<number>
  stop(): Promise<void>
  /** Users whose stored roster is older than what a caller was told of it. */
  stale(redis: RedisClient): Promise<string[]>
}

/** Settings for tests that do not want to wait for what is found at last. */
export const HURRIED = { REFRESH_DEADLINE_MS: '10000', SWEEP_GRACE_MS: '2000', SWEEP_INTERVAL_MS: '500' }

const BATCH = 25
const PAUSE_MS = 20

/** Refreshes of some users, one batch after the other, each with a new edition in the backend; it is kept who was told what. */
export function refreshSteadily(api: ApiProcess, backend: TestBackend, users: readonly string[], shards = 1): Load {
  const told = new Map<string, number>()
  const counts = { well: 0, otherwise: 0 }
  let [edition, running, lastWell] = [0, true, 0]

  async function refreshNext(): Promise<void> {
    edition += 1
    const begun = performance.now()
    const from = (edition * BATCH) % users.length
    const batch = users.slice(from, from + BATCH)
    edit(backend, batch, edition)
    const answer = await api.refresh(batch).catch(() => null)
    const { updated = 0 } = answer ? (RefreshSummary.safeParse(answer.body).data ?? {}) : {}
    if (answer?.status !== 200 || updated < batch.length) {
      counts.otherwise += 1
      return
    }
    counts.well += 1
    lastWell = begun
    for (const user of batch) told.set(user, edition)
  }

  const done = (async () => {
    while (running) {
      await refreshNext()
      await delay(PAUSE_MS)
    }
  })()

  return {
    counts,
    async untilWell(since) {
      while (lastWell < since) await delay(PAUSE_MS)
      return (performance.now() - since) / 1_000
    },
    async stop() {
      running = false
      await done
    },
    async stale(redis) {
      const stored = await storedEditions(redis, [...told.keys()], shards)
      return [...told].flatMap(([user, edition], i) =>
        (stored[i] ?? 0) >= edition ? [] : [`${user}: told ${edition}, stored ${stored[i]}`],
      )
    },
  }
}
