import type { Floor } from '../floors.ts'
import { quantileOf, ratioOf, type Spread, spreadOf } from '../statistics.ts'
import type { LatencyResult } from './latency.ts'
import type { ThroughputResult } from './throughput.ts'

const PUSHED_MS_AT_MOST = 250
/**
 * Beside the write there are the refresh itself and a look at the roster as it is, which costs a server as much as the write,
 * and all of it shares one machine. A write costs ejabberd less than Prosody, so the rest weighs more.
 */
const SETS_AT_LEAST = { Prosody: 0.4, ejabberd: 0.25 } as const

export function targetFloors(throughput: readonly ThroughputResult[], latency: readonly LatencyResult[]): Floor[] {
  return [
    ...throughput.map((result): Floor => {
      const measured = setsRatio(result)
      const atLeast = SETS_AT_LEAST[result.server]
      const what = `${result.server}: sets/s of a notice, of its own API`
      return { what, bound: { atLeast }, measured, met: measured.median >= atLeast }
    }),
    ...latency.map(
      ({ server, pushedMs }): Floor => ({
        what: `${server}: ms from a notice to the pushes, 95 of 100`,
        bound: { atMost: PUSHED_MS_AT_MOST },
        measured: spreadOf(pushedMs),
        met: quantileOf(pushedMs, 0.95) <= PUSHED_MS_AT_MOST,
      }),
    ),
  ]
}

/** Of what came from a notice to what was written directly, round by round. */
export const setsRatio = ({ pairs }: ThroughputResult): Spread =>
  ratioOf(
    pairs.map(({ rollcall, direct }) => ({ of: rollcall, to: direct })),
    ({ setsPerSecond }) => setsPerSecond,
  )
