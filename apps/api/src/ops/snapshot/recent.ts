import { type Domain, FAILURE_CODES, type OpsLatency, type OpsSnapshot } from '@rollcall/roster'
import {
  bucketsIn,
  HISTORY,
  type History,
  type LookedBack,
  lookBack,
  percentile,
  type Step,
  sumIn,
} from '@rollcall/runtime'

/** What the processes counted in the last minutes, of all of them together. */
export interface Recent {
  readonly rates: OpsSnapshot['rates']
  readonly latency: OpsLatency
  readonly errors: OpsSnapshot['errors']
  ofBackend(domain: Domain): RecentBackend
  jobsPerSecond(shard: number): number
}

export interface RecentBackend {
  readonly fetchesPerSecond: number
  readonly errorShare: number
  readonly latency: OpsLatency
  /** It was asked in the last minutes. */
  readonly wasAsked: boolean
}

/** Nothing is read anew more often: processes write down what they count every two seconds. */
const READ_EVERY_MS = 2_000
/** Latency and errors are of so many minutes, and of the one that runs. */
const MINUTES = 5

/** Reads the last minutes of the history, now and then. Throws when Redis is away. */
export function recentLook(history: Pick<History, 'now' | 'read'>): () => Promise<Recent> {
  const look = lookBack({ history, resolution: '1m', count: MINUTES + 1, make: (step) => step })
  let known = recentOf({ at: [], steps: [], now: 0 })
  let readAt = Number.NEGATIVE_INFINITY
  return async () => {
    const now = performance.now()
    if (now - readAt < READ_EVERY_MS) return known
    known = recentOf(await look())
    readAt = now
    return known
  }
}

export function recentOf({ at, steps, now }: LookedBack<Step>): Recent {
  const running = steps.at(-1) ?? NONE
  const before = steps.at(-2) ?? NONE
  const elapsed = Math.min(60, Math.max(0, now / 1000 - (at.at(-1) ?? 0)))
  /** Of the last 60 s: those of the minute before count as far as they reach back. */
  const inLastMinute = (field: string): number =>
    (running.get(field) ?? 0) + (before.get(field) ?? 0) * ((60 - elapsed) / 60)
  const perSecond = (...fields: readonly string[]): number =>
    rounded(fields.reduce((sum, field) => sum + inLastMinute(field), 0) / 60)

  const ofCode = (code: string): string => HISTORY.users + code
  const settled = [ofCode('changed'), ofCode('unchanged'), ...FAILURE_CODES.map(ofCode)]
  const all = settled.reduce((sum, field) => sum + sumIn(field, steps), 0)
  return {
    rates: {
      refreshesPerSecond: perSecond(HISTORY.refreshes),
      usersPerSecond: perSecond(...settled),
      changedPerSecond: perSecond(ofCode('changed')),
      failedPerSecond: perSecond(...FAILURE_CODES.map(ofCode)),
      readsPerSecond: perSecond(HISTORY.reads),
    },
    latency: latencyIn(HISTORY.settle, steps),
    errors: FAILURE_CODES.flatMap((code) => {
      const count = sumIn(ofCode(code), steps)
      return count > 0 ? [{ code, count, share: count / all }] : []
    }).toSorted((a, b) => b.count - a.count),
    ofBackend(domain) {
      const [answered, failed] = [HISTORY.answered(domain), HISTORY.failed(domain)]
      const failures = inLastMinute(failed)
      const fetches = inLastMinute(answered) + failures
      return {
        fetchesPerSecond: perSecond(answered, failed),
        errorShare: fetches > 0 ? Math.round((failures / fetches) * 1000) / 1000 : 0,
        latency: latencyIn(HISTORY.fetch(domain), steps),
        wasAsked: sumIn(answered, steps) + sumIn(failed, steps) > 0,
      }
    },
    jobsPerSecond: (shard) => perSecond(HISTORY.jobs(shard)),
  }
}

const NONE: Step = new Map()

export function latencyIn(field: string, steps: readonly Step[]): OpsLatency {
  const counts = bucketsIn(field, steps)
  const at = (share: number): number | null => {
    const ms = percentile(counts, share)
    return ms === null ? null : rounded(ms)
  }
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) }
}

/** To three digits: more would pretend to be known. */
export const rounded = (value: number): number => Number(value.toPrecision(3))
