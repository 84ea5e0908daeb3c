import type { BackendAnswer } from '@rollcall/backend'
import type { Domain, FailureCode } from '@rollcall/roster'
import { type Count, HISTORY, MOST_DOMAINS_IN_HISTORY, type Recorder, type Times } from '@rollcall/runtime'
import type { Settled } from './refresh-roster.ts'

export interface WorkerNumbersOptions {
  readonly recorder: Recorder
  readonly domains: Iterable<Domain>
  /** Jobs of these are taken. */
  readonly serves: readonly number[]
}

export type WorkerNumbers = ReturnType<typeof workerNumbers>

/** What a worker counts: a few additions for each job. */
export function workerNumbers({ recorder, domains, serves }: WorkerNumbersOptions) {
  const noticeToSettled = recorder.times('noticeToSettled', {}, HISTORY.settle)
  const jobs = new Map(
    serves.map((shard) => [shard, recorder.counter('jobs', { shard: String(shard) }, HISTORY.jobs(shard))]),
  )
  const ofDomains = new Map(Array.from(domains, (domain, i) => [domain, ofDomain(domain, i < MOST_DOMAINS_IN_HISTORY)]))

  function ofDomain(domain: Domain, isKept: boolean): OfDomain {
    const kept = (field: string): [string?] => (isKept ? [field] : [])
    return {
      settled: new Map(),
      settledAs: (outcome) => recorder.counter('usersSettled', { domain, outcome }, HISTORY.users + outcome),
      answered: recorder.counter('fetches', { domain, result: 'answered' }, ...kept(HISTORY.answered(domain))),
      failed: recorder.counter('fetches', { domain, result: 'failed' }, ...kept(HISTORY.failed(domain))),
      took: recorder.times('fetchTime', { domain }, ...kept(HISTORY.fetch(domain))),
      retries: recorder.counter('retries', { domain }),
      unknown: 0,
      lastFailure: undefined,
    }
  }

  return {
    /** A user settled; `askedAt`: when somebody asked for it, as `performance.now()` counts. */
    settled(domain: Domain, outcome: Settled, askedAt?: number): void {
      const of = ofDomains.get(domain)
      if (!of) return // of a domain that is configured no more
      let count = of.settled.get(outcome)
      if (!count) {
        count = of.settledAs(outcome)
        of.settled.set(outcome, count)
      }
      count.n++
      if (askedAt !== undefined) noticeToSettled.record(performance.now() - askedAt)
    },

    /** The backend of a domain answered, or failed. Who is not known is an answer as good as any. */
    fetched(domain: Domain, ms: number, answer: BackendAnswer): void {
      const of = ofDomains.get(domain)
      if (!of) return
      of.took.record(ms)
      const isUnknown = answer.kind === 'failed' && answer.code === 'user-unknown'
      if (isUnknown) of.unknown++
      if (answer.kind !== 'failed' || isUnknown) {
        of.answered.n++
        return
      }
      of.failed.n++
      of.lastFailure = { code: answer.code, message: answer.message, at: performance.now() }
    },

    /** An attempt failed, and another one follows. */
    retried(domain: Domain): void {
      const of = ofDomains.get(domain)
      if (of) of.retries.n++
    },

    jobEnded(shard: number): void {
      const count = jobs.get(shard)
      if (count) count.n++
    },

    /** Since the worker began. */
    jobsEnded: (): number => [...jobs.values()].reduce((sum, { n }) => sum + n, 0),

    /** Fetches of each domain since the worker began. */
    fetches: (): Fetches[] =>
      Array.from(ofDomains, ([domain, { answered, failed, unknown, lastFailure }]) => ({
        domain,
        all: answered.n + failed.n,
        failed: failed.n,
        unknown,
        lastFailure,
      })),
  }
}

export interface Fetches {
  readonly domain: Domain
  readonly all: number
  readonly failed: number
  /** Answers that the backend does not know the user. */
  readonly unknown: number
  /** `at` as `performance.now()` counts; undefined: none has failed. */
  readonly lastFailure: { readonly code: FailureCode; readonly message: string; readonly at: number } | undefined
}

interface OfDomain {
  /** Those outcomes that there have been: most codes never come. */
  readonly settled: Map<Settled, Count>
  settledAs(outcome: Settled): Count
  readonly answered: Count
  readonly failed: Count
  readonly took: Times
  readonly retries: Count
  unknown: number
  lastFailure: Fetches['lastFailure']
}
