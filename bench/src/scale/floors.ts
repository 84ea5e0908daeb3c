import type { Floor } from '../floors.ts'
import { quantileOf, ratioOf, type Spread, spreadOf } from '../statistics.ts'
import type { BulkResult } from './bulk.ts'
import type { ComparisonResult } from './comparison.ts'
import type { ScaleResults } from './measure-scale.ts'
import type { RefreshesSample } from './refresh.ts'

/** Replicas hear of their own users only; what is left is that smaller batches cost a little more. */
const API_CPU_AT_MOST = 1.25
const API_MB_AT_MOST = 300
const MS_MORE_AT_MOST = 250

export function scaleFloors({ replicas, bulk }: ScaleResults): Floor[] {
  return [...(replicas ? [replicasFloor(replicas)] : []), ...(bulk ? bulkFloors(bulk) : [])]
}

function replicasFloor({ layouts }: ComparisonResult): Floor {
  const [first, last] = [layouts[0], layouts.at(-1)]
  const what = `api CPU per user with ${last?.layout.apis} replicas, of that with one`
  return atMost(
    API_CPU_AT_MOST,
    what,
    ratioTo(first?.samples, last?.samples, ({ cpu }) => cpu.api),
  )
}

/** Of the later layout to the first, round by round. */
export function ratioTo(
  first: readonly RefreshesSample[] = [],
  later: readonly RefreshesSample[] = [],
  value: (sample: RefreshesSample) => number,
): Spread {
  const pairs = later.flatMap((of, i) => (first[i] ? [{ of, to: first[i] }] : []))
  return ratioOf(pairs, value)
}

function bulkFloors({ users, apiBytes, aloneMs, meanwhileMs }: BulkResult): Floor[] {
  const alone = spreadOf(aloneMs).median
  const more = meanwhileMs.map((ms) => ms - alone)
  const during = `while ${users.toLocaleString('en')} users are refreshed`
  return [
    atMost(API_MB_AT_MOST, `MB of the api, the most ${during}`, spreadOf([apiBytes / 1e6])),
    {
      ...atMost(MS_MORE_AT_MOST, `ms more for one user ${during}, 99 of 100`, spreadOf(more)),
      met: quantileOf(more, 0.99) <= MS_MORE_AT_MOST,
    },
  ]
}

const atMost = (bound: number, what: string, measured: Spread): Floor => ({
  what,
  bound: { atMost: bound },
  measured,
  met: measured.median <= bound,
})
