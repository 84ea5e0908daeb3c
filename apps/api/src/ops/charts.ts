import { type Domain, FAILURE_CODES, type OpsHistory, type OpsLatency, type OpsRange } from '@rollcall/roster'
import { HISTORY, type LookedBack, RESOLUTIONS, type Resolution, type Step } from '@rollcall/runtime'
import { latencyIn, rounded } from './snapshot/recent.ts'

/** The steps that a chart shows: 360 at most. */
export const SHOWN: Readonly<Record<OpsRange, { readonly resolution: Resolution; readonly count: number }>> = {
  '1h': { resolution: '1m', count: 60 },
  '6h': { resolution: '1m', count: 360 },
  '24h': { resolution: '5m', count: 288 },
  '7d': { resolution: '30m', count: 336 },
}

/** What charts show of one step. */
export interface Figures {
  readonly refreshes: number
  readonly changed: number
  readonly unchanged: number
  readonly failed: number
  readonly reads: number
  /** Users by failure code; only codes that occurred. */
  readonly errors: ReadonlyMap<string, number>
  readonly latency: OpsLatency
  readonly oldestOpenMs: number | null
  readonly openUsers: number | null
  readonly redisMemoryBytes: number | null
  /** Of the domains whose backends were asked. */
  readonly fetchP95Ms: ReadonlyMap<Domain, number | null>
  readonly targetLagMs: ReadonlyMap<string, number>
}

export function figuresOf(step: Step, domains: readonly Domain[]): Figures {
  const countOf = (field: string): number => step.get(field) ?? 0
  const errors = new Map(
    FAILURE_CODES.map((code) => [code, countOf(HISTORY.users + code)] as const).filter(([, users]) => users > 0),
  )
  const asked = domains.filter((domain) => countOf(HISTORY.answered(domain)) + countOf(HISTORY.failed(domain)) > 0)
  return {
    refreshes: countOf(HISTORY.refreshes),
    changed: countOf(`${HISTORY.users}changed`),
    unchanged: countOf(`${HISTORY.users}unchanged`),
    failed: [...errors.values()].reduce((sum, users) => sum + users, 0),
    reads: countOf(HISTORY.reads),
    errors,
    latency: latencyIn(HISTORY.settle, [step]),
    oldestOpenMs: step.get(HISTORY.oldestOpenMs) ?? null,
    openUsers: step.get(HISTORY.openUsers) ?? null,
    redisMemoryBytes: step.get(HISTORY.redisMemoryBytes) ?? null,
    fetchP95Ms: new Map(asked.map((domain) => [domain, latencyIn(HISTORY.fetch(domain), [step]).p95Ms])),
    targetLagMs: new Map(
      [...step].flatMap(([field, ms]) =>
        field.startsWith(HISTORY.lag) ? [[field.slice(HISTORY.lag.length), ms] as const] : [],
      ),
    ),
  }
}

/** Processes write every two seconds what they have counted: of a step that has just begun, rates would jump up and down. */
const SHORTEST_S = 4

/** Each series has a value for each step; rates of the running one are of the part of it that is over. */
export function chartsOf(range: OpsRange, { at: begins, steps: all, now }: LookedBack<Figures>): OpsHistory {
  const { stepS } = RESOLUTIONS[SHOWN[range].resolution]
  const ofRunning = now / 1000 - (begins.at(-1) ?? 0)
  const shown = ofRunning < SHORTEST_S ? all.length - 1 : all.length
  const [at, steps] = [begins.slice(0, shown), all.slice(0, shown)]
  const secondsOf = (i: number): number => (i === all.length - 1 ? Math.min(stepS, ofRunning) : stepS)
  const perSecond = (of: (step: Figures) => number): number[] =>
    steps.map((step, i) => rounded(of(step) / secondsOf(i)))
  /** A series for each name that one of the steps has. */
  const seriesOf = <Name extends string, Value>(
    of: (step: Figures) => ReadonlyMap<Name, unknown>,
    series: (name: Name) => Value[],
  ): Record<Name, Value[]> => {
    const names = new Set(steps.flatMap((step) => [...of(step).keys()]))
    return Object.fromEntries([...names].map((name) => [name, series(name)])) as Record<Name, Value[]>
  }
  return {
    range,
    stepS,
    at,
    refreshes: perSecond(({ refreshes }) => refreshes),
    users: perSecond(({ changed, unchanged, failed }) => changed + unchanged + failed),
    changed: perSecond(({ changed }) => changed),
    failed: perSecond(({ failed }) => failed),
    reads: perSecond(({ reads }) => reads),
    errors: seriesOf(
      ({ errors }) => errors,
      (code) => perSecond(({ errors }) => errors.get(code) ?? 0),
    ),
    latency: {
      p50Ms: steps.map(({ latency }) => latency.p50Ms),
      p95Ms: steps.map(({ latency }) => latency.p95Ms),
      p99Ms: steps.map(({ latency }) => latency.p99Ms),
    },
    oldestOpenMs: steps.map(({ oldestOpenMs }) => oldestOpenMs),
    openUsers: steps.map(({ openUsers }) => openUsers),
    redisMemoryBytes: steps.map(({ redisMemoryBytes }) => redisMemoryBytes),
    fetchP95Ms: seriesOf(
      ({ fetchP95Ms }) => fetchP95Ms,
      (domain) => steps.map(({ fetchP95Ms }) => fetchP95Ms.get(domain) ?? null),
    ),
    targetLagMs: seriesOf(
      ({ targetLagMs }) => targetLagMs,
      (target) => steps.map(({ targetLagMs }) => targetLagMs.get(target) ?? null),
    ),
  }
}
