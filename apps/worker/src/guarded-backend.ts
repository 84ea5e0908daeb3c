import type { BackendAnswer } from '@rollcall/backend'
import type { Domain, User } from '@rollcall/roster'
import type { BrokenBackend, Config, Log, Source } from '@rollcall/runtime'
import { breaker } from './breaker.ts'
import { fetchLanes } from './fetch-lanes.ts'
import type { JobsInHand } from './jobs-in-hand.ts'

type Settings = Pick<
  Config,
  'workerConcurrency' | 'slowLane' | 'slowFetchMs' | 'breakerFailures' | 'breakerPauseMs' | 'breakerMaxPauseMs'
>

export interface GuardedBackendOptions extends Settings {
  readonly domains: Iterable<Domain>
  fetchRoster(user: User, source: Source): Promise<BackendAnswer>
  readonly inHand: Pick<JobsInHand, 'putAside'>
  /** A place for a probe among the requests to a backend, and how to leave it; undefined: there is none at present. */
  place(domain: Domain): Promise<(() => void) | undefined>
  /** The backend of a domain works again. */
  onBackendClosed(domain: Domain): void
  readonly log: Log
}

/** Of what other domains leave of the slow lane, for one of several; and of the whole lane, however much they have. */
const MOST_OF_LANE = 0.5
const LEAST_OF_LANE = 0.1

/** Fetches that harm no others: those of a broken backend fail at once, and slow ones go on in a lane of their own (G7). */
export function guardedBackend(options: GuardedBackendOptions) {
  const { domains, fetchRoster, inHand, place, log } = options
  const lanes = fetchLanes({
    places: options.workerConcurrency,
    slowPlaces: options.slowLane,
    slowAfterMs: options.slowFetchMs,
  })
  const breakerOf = (domain: Domain) =>
    breaker({
      domain,
      failures: options.breakerFailures,
      pauseMs: options.breakerPauseMs,
      maxPauseMs: options.breakerMaxPauseMs,
      place: () => place(domain),
      ask: (user) => fetchRoster(user, {}),
      onClosed: options.onBackendClosed,
      log,
    })
  const breakers = new Map(Array.from(domains, (domain) => [domain, breakerOf(domain)]))
  /** Fetches of each domain in the slow lane. */
  const slowOf = new Map<Domain, number>()
  const count = (domain: Domain, by: 1 | -1): void => void slowOf.set(domain, (slowOf.get(domain) ?? 0) + by)

  return {
    async fetchRoster(user: User, source: Source): Promise<BackendAnswer> {
      const { domain } = user
      const known = breakers.get(domain)
      if (known === undefined) return fetchRoster(user, source)
      const { run, slow } = known.watch(user, () => fetchRoster(user, source))
      if (known.broken()) return run()
      // The deadline of a fetch begins when it has a place.
      return lanes.run(run, () => {
        slow()
        count(domain, 1)
        const takeBack = inHand.putAside(user)
        return () => {
          count(domain, -1)
          takeBack()
        }
      })
    },

    isBroken: (domain: Domain): boolean => breakers.get(domain)?.broken() !== undefined,

    /**
     * Whether one more fetch of a domain may begin. A backend that answers nobody would fill the slow lane, and then the
     * places of the other domains (G7): of several, none gets more of the lane than its share, besides what it has in hand.
     */
    mayBegin(domain: Domain): boolean {
      const own = slowOf.get(domain) ?? 0
      if (own === 0 || breakers.size === 1) return true
      const left = options.slowLane - (lanes.slow() - own)
      return own < Math.max(left * MOST_OF_LANE, options.slowLane * LEAST_OF_LANE)
    },

    broken: (): BrokenBackend[] => [...breakers.values()].flatMap((each) => each.broken() ?? []),

    stop(): void {
      for (const each of breakers.values()) each.stop()
    },
  }
}
