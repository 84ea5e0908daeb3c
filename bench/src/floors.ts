import { totalOf } from './cpu.ts'
import type { RefreshSample } from './measure-refresh.ts'
import type { ReaderName, ReadRound, ReadSample } from './reads.ts'
import { type RefreshResult, titleOf } from './refreshes.ts'
import { POPULATION } from './rosters.ts'
import { ratioOf, type Spread, spreadOf } from './statistics.ts'

export interface Floor {
  readonly what: string
  readonly bound: { readonly atMost: number } | { readonly atLeast: number }
  /** Ratios of what was measured to what stood next to it in the same round, where the bound is one. */
  readonly measured: Spread
  readonly met: boolean
}

const CPU_AT_MOST = { all: 0.85, none: 0.65 } as const
const SPEED_AT_LEAST = 0.9
const READS_AT_LEAST = 0.8

/** Of each case of 10,000 users without a delay the CPU, of each case with a delay the speed; 304s are not compared. */
export function refreshFloors(results: readonly RefreshResult[]): Floor[] {
  return results.flatMap((result) => {
    if (result.etag) return []
    if (result.delayMs > 0) {
      const bound = { atLeast: SPEED_AT_LEAST }
      return [floor(`users/s of plain, ${titleOf(result)}`, bound, speedRatio(result))]
    }
    if (result.users < POPULATION) return []
    return [
      floor(`CPU per user of plain, ${titleOf(result)}`, { atMost: CPU_AT_MOST[result.change] }, cpuRatio(result)),
    ]
  })
}

export function readFloors(rounds: readonly ReadRound[]): Floor[] {
  const faster = fasterBare(rounds)
  const pairs = rounds.map((round) => ({ of: round.rollcall, to: round[faster] }))
  const floorOf = (what: string, value: (sample: ReadSample) => number) =>
    floor(`${what} of the faster bare handler (${faster})`, { atLeast: READS_AT_LEAST }, ratioOf(pairs, value))
  return [
    floorOf('reads/s', (sample) => sample.requestsPerSecond),
    floorOf('reads per second of CPU', ({ cpu }) => 1 / (cpu.reader + cpu.redis)),
  ]
}

export function fasterBare(rounds: readonly ReadRound[]): ReaderName {
  const speed = (name: ReaderName): number => spreadOf(rounds.map((round) => round[name].requestsPerSecond)).median
  return speed('bare') > speed('bare, auto-pipelining') ? 'bare' : 'bare, auto-pipelining'
}

export const cpuRatio = (result: RefreshResult): Spread => ratioOf(pairsOf(result), ({ cpu }) => totalOf(cpu))

export const speedRatio = (result: RefreshResult): Spread => ratioOf(pairsOf(result), ({ seconds }) => 1 / seconds)

const pairsOf = ({ pairs }: RefreshResult): { of: RefreshSample; to: RefreshSample }[] =>
  pairs.map(({ rollcall, plain }) => ({ of: rollcall, to: plain }))

function floor(what: string, bound: Floor['bound'], measured: Spread): Floor {
  const { median } = measured
  return { what, bound, measured, met: 'atMost' in bound ? median <= bound.atMost : median >= bound.atLeast }
}
