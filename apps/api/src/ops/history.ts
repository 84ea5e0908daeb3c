import { type Domain, FAILURE_CODES, type OpsHistory, OpsRange } from '@rollcall/roster'
import {
  bucketsIn,
  HISTORY,
  type History,
  percentile,
  RESOLUTIONS,
  type Resolution,
  type Step,
  sumIn,
} from '@rollcall/runtime'
import { valueIn } from './query.ts'
import { may, type Operator, type OpsRoute } from './route.ts'

export interface HistoryRouteDeps {
  readonly history: Pick<History, 'last'>
  readonly domains: Iterable<Domain>
  readonly targets: readonly { readonly name: string; readonly domain: Domain }[]
}

/** The steps that a chart shows: 360 at most. */
const SHOWN: Readonly<
  Record<OpsRange, { readonly resolution: Resolution; readonly steps: number; readonly goodForMs: number }>
> = {
  '1h': { resolution: '1m', steps: 60, goodForMs: 5_000 },
  '6h': { resolution: '1m', steps: 360, goodForMs: 10_000 },
  '24h': { resolution: '5m', steps: 288, goodForMs: 30_000 },
  '7d': { resolution: '30m', steps: 336, goodForMs: 60_000 },
}

/** What the charts show. It is read once for all who look, and is good for some seconds. */
export function historyRoutes({ history, domains, targets }: HistoryRouteDeps): OpsRoute[] {
  const known = new Map<OpsRange, { readonly until: number; readonly read: Promise<OpsHistory> }>()
  const configured = [...domains]

  function read(range: OpsRange): Promise<OpsHistory> {
    const before = known.get(range)
    if (before && performance.now() < before.until) return before.read
    const { resolution, steps, goodForMs } = SHOWN[range]
    const now = history
      .last(resolution, steps)
      .then((all) => historyOf(range, resolution, all.at, all.steps, all.now, configured))
    known.set(range, { until: performance.now() + goodForMs, read: now })
    now.catch(() => known.delete(range))
    return now
  }

  return [
    {
      method: 'get',
      path: '/history',
      right: 'view',
      scope: 'domain',
      async handle({ operator, query }): Promise<OpsHistory> {
        const range = valueIn(query, 'range', OpsRange, OpsRange.options.join(', ')) ?? '1h'
        return ofDomains(await read(range), operator, targets)
      },
    },
  ]
}

function historyOf(
  range: OpsRange,
  resolution: Resolution,
  at: readonly number[],
  steps: readonly Step[],
  now: number,
  domains: readonly Domain[],
): OpsHistory {
  const { stepS } = RESOLUTIONS[resolution]
  const begun = now / 1000 - (at.at(-1) ?? 0)
  const secondsOf = (i: number): number => (i === steps.length - 1 ? Math.min(stepS, Math.max(1, begun)) : stepS)
  const perSecond = (...fields: readonly string[]): number[] =>
    steps.map((step, i) => rounded(fields.reduce((sum, field) => sum + (step.get(field) ?? 0), 0) / secondsOf(i)))
  const most = (field: string): (number | null)[] => steps.map((step) => step.get(field) ?? null)
  const timesIn = (field: string): number[][] => steps.map((step) => bucketsIn(field, [step]))
  const settled = timesIn(HISTORY.settle)
  const ofCode = (code: string): string => HISTORY.users + code
  const failed = FAILURE_CODES.map(ofCode)
  const occurred = FAILURE_CODES.filter((code) => sumIn(ofCode(code), steps) > 0)
  const fieldsOf = (prefix: string): string[] => [
    ...new Set(steps.flatMap((step) => [...step.keys()].filter((field) => field.startsWith(prefix)))),
  ]
  const asked = domains.filter(
    (domain) => sumIn(HISTORY.answered(domain), steps) + sumIn(HISTORY.failed(domain), steps) > 0,
  )
  return {
    range,
    stepS,
    at: [...at],
    refreshes: perSecond(HISTORY.refreshes),
    users: perSecond(ofCode('changed'), ofCode('unchanged'), ...failed),
    changed: perSecond(ofCode('changed')),
    failed: perSecond(...failed),
    reads: perSecond(HISTORY.reads),
    errors: Object.fromEntries(occurred.map((code) => [code, perSecond(ofCode(code))])),
    latency: { p50Ms: percentiles(settled, 0.5), p95Ms: percentiles(settled, 0.95), p99Ms: percentiles(settled, 0.99) },
    oldestOpenMs: most(HISTORY.oldestOpenMs),
    openUsers: most(HISTORY.openUsers),
    redisMemoryBytes: most(HISTORY.redisMemoryBytes),
    fetchP95Ms: Object.fromEntries(asked.map((domain) => [domain, percentiles(timesIn(HISTORY.fetch(domain)), 0.95)])),
    targetLagMs: Object.fromEntries(
      fieldsOf(HISTORY.lag).map((field) => [field.slice(HISTORY.lag.length), most(field)]),
    ),
  }
}

function percentiles(ofSteps: readonly (readonly number[])[], share: number): (number | null)[] {
  return ofSteps.map((counts) => {
    const ms = percentile(counts, share)
    return ms === null ? null : rounded(ms)
  })
}

/** What somebody may see who is there for some domains only. */
function ofDomains(history: OpsHistory, operator: Operator, targets: HistoryRouteDeps['targets']): OpsHistory {
  if (operator.domains === '*') return history
  const isTheirs = (name: string): boolean =>
    targets.some((one) => (name === one.name || name.startsWith(`${one.name}@`)) && may(operator, 'view', one.domain))
  return {
    ...history,
    fetchP95Ms: Object.fromEntries(
      Object.entries(history.fetchP95Ms).filter(([domain]) => may(operator, 'view', domain as Domain)),
    ) as OpsHistory['fetchP95Ms'],
    targetLagMs: Object.fromEntries(Object.entries(history.targetLagMs).filter(([name]) => isTheirs(name))),
  }
}

const rounded = (value: number): number => Number(value.toPrecision(3))
