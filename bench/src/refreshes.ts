import type { Cpu } from './cpu.ts'
import { measureRefresh, type RefreshCase, type RefreshSample } from './measure-refresh.ts'
import type { Progress } from './progress.ts'
import { POPULATION } from './rosters.ts'
import type { Stack } from './stack.ts'

export interface RefreshRounds extends RefreshCase {
  readonly rounds: number
}

/** Both designs, one right after the other. */
export interface RefreshPair {
  readonly plain: RefreshSample
  readonly rollcall: RefreshSample
}

export interface RefreshResult extends RefreshRounds {
  readonly pairs: readonly RefreshPair[]
}

/** Measures cases with one stack: plain, rollcall, plain, rollcall, … */
export async function measureRefreshes(
  cases: readonly RefreshRounds[],
  stack: Stack,
  progress: Progress,
): Promise<RefreshResult[]> {
  let version = 0
  const pair = async (wanted: RefreshCase): Promise<RefreshPair> => {
    if (wanted.change === 'all') version++
    const plain = await measureRefresh(stack.plain, wanted, version, stack)
    return { plain, rollcall: await measureRefresh(stack.rollcall, wanted, version, stack) }
  }

  const results: RefreshResult[] = []
  let primed: boolean | undefined
  for (const wanted of cases) {
    if (wanted.etag !== primed) {
      // Every roster is stored then, with the ETag or without it, and both designs are warm.
      progress('warming up', 1, 1)
      await pair({ ...wanted, users: POPULATION, change: 'all' })
      primed = wanted.etag
    }
    const pairs: RefreshPair[] = []
    for (let round = 1; round <= wanted.rounds; round++) {
      progress(titleOf(wanted), round, wanted.rounds)
      pairs.push(await pair(wanted))
    }
    results.push({ ...wanted, pairs })
  }
  return results
}

export const titleOf = ({ users, change, etag, delayMs }: RefreshCase): string =>
  `${users.toLocaleString('en')} ${users === 1 ? 'user' : 'users'}, ${change} changed${etag ? ' (304)' : ''}, backend ${delayMs} ms`

export const perUser = ({ cpu }: RefreshSample, users: number): Cpu => ({
  api: cpu.api / users,
  worker: cpu.worker / users,
  redis: cpu.redis / users,
})
