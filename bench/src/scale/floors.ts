import type { Floor } from '../floors.ts'
import { quantileOf, ratioOf, type Spread, spreadOf } from '../statistics.ts'
import type { BulkResult } from './bulk.ts'
import type { ComparisonResult } from './comparison.ts'
import type { DashboardsResult } from './dashboards.ts'
import type { ScaleResults } from './measure-scale.ts'
import type { RefreshesSample } from './refresh.ts'
import type { StoredResult } from './stored.ts'

/** Replicas hear of their own users only; what is left is that smaller batches cost a little more. */
const API_CPU_AT_MOST = 1.25
const API_MB_AT_MOST = 300
const MS_MORE_AT_MOST = 250
const SEARCH_MS_AT_MOST = 100
const DASHBOARDS_CPU_AT_MOST = 5
/** As much as one: what is left is that no second is like another. */
const DASHBOARDS_REDIS_AT_MOST = 1.1

export function scaleFloors({ replicas, bulk, stored, dashboards }: ScaleResults): Floor[] {
  const largest = stored?.at(-1)
  return [
    ...(replicas ? [replicasFloor(replicas)] : []),
    ...(bulk ? bulkFloors(bulk) : []),
    ...(largest ? [searchFloor(largest)] : []),
    ...(dashboards ? dashboardsFloors(dashboards) : []),
  ]
}

function searchFloor({ size, searchMs }: StoredResult): Floor {
  const what = `ms of a search by the beginning of a name with ${size.toLocaleString('en')} stored, 95 of 100`
  return {
    ...atMost(SEARCH_MS_AT_MOST, what, spreadOf(searchMs)),
    met: quantileOf(searchMs, 0.95) <= SEARCH_MS_AT_MOST,
  }
}

/** Of the most that were open to none, and to the fewest, round by round. */
function dashboardsFloors(results: readonly DashboardsResult[]): Floor[] {
  const [none, few, many] = [results[0]?.samples ?? [], results[1]?.samples ?? [], results.at(-1)]
  const what = `for ${many?.open} open dashboards`
  const cpu = (many?.samples ?? []).flatMap(({ apiMs }, i) => (none[i] ? [(apiMs - none[i].apiMs) / 10] : []))
  const pairs = (many?.samples ?? []).flatMap((of, i) => (few[i] ? [{ of, to: few[i] }] : []))
  return [
    atMost(DASHBOARDS_CPU_AT_MOST, `% of a core of the api ${what}`, spreadOf(cpu)),
    atMost(
      DASHBOARDS_REDIS_AT_MOST,
      `commands of Redis ${what}, of those for one`,
      ratioOf(pairs, ({ redisCommands }) => redisCommands),
    ),
  ]
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
