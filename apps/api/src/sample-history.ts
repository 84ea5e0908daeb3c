import type { OpsTarget } from '@rollcall/roster'
import {
  HISTORY,
  type History,
  heardProcesses,
  oneAtATime,
  type RedisClient,
  type RosterStore,
  redisInfo,
} from '@rollcall/runtime'
import { type TargetsLookOptions, targetsLook } from './ops/snapshot/targets.ts'

export interface SampleDeps extends TargetsLookOptions {
  readonly redis: RedisClient
  /** Id of this api. */
  readonly replica: string
  readonly store: Pick<RosterStore, 'totals'>
  readonly history: Pick<History, 'measure' | 'measuresForAll'>
}

const SAMPLE_EVERY_MS = 10_000
/** Another api goes on when the one that measured has been gone for so long. */
const LEASE_MS = 25_000

/**
 * Measures for the history what no process counts: who waits, and for how long, the memory of Redis, how far targets are
 * behind. One api does it for all, for as long as it lives.
 */
export function startSampling(deps: SampleDeps): () => void {
  const { redis, replica, store, history } = deps
  const lookAtTargets = targetsLook(deps)

  async function sample(): Promise<void> {
    if (!(await history.measuresForAll(replica, LEASE_MS))) return
    const [{ open, oldestOpenMs }, { usedMemoryBytes }, heard] = await Promise.all([
      store.totals(),
      redisInfo(redis),
      heardProcesses(redis),
    ])
    const most = new Map([
      [HISTORY.openUsers, open],
      [HISTORY.oldestOpenMs, oldestOpenMs],
      [HISTORY.redisMemoryBytes, usedMemoryBytes],
      ...lags(await lookAtTargets(heard)),
    ])
    await history.measure(most)
  }
  const quietly = () => sample().catch(() => {}) // Redis away: its connection says so
  void quietly()
  return oneAtATime(SAMPLE_EVERY_MS, quietly)
}

/** Of a target the largest of its shards. */
function lags(targets: readonly OpsTarget[]): Map<string, number> {
  const largest = new Map<string, number>()
  for (const { target, state, lagMs } of targets) {
    if (state === 'unserved' && lagMs === 0) continue // perhaps nothing is known of it
    const field = HISTORY.lag + target
    largest.set(field, Math.max(largest.get(field) ?? 0, lagMs))
  }
  return largest
}
