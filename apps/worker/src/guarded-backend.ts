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

/** Of the places, for a backend that may be broken. */
const SHARE_IN_DOUBT = 0.25

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
  /** Fetches of each domain that hold a place among the normal ones. */
  const places = new Map<Domain, number>()
  const count = (domain: Domain, by: 1 | -1): void => void places.set(domain, (places.get(domain) ?? 0) + by)
  const mostInDoubt = Math.max(1, Math.floor(options.workerConcurrency * SHARE_IN_DOUBT))

  return {
    async fetchRoster(user: User, source: Source): Promise<BackendAnswer> {
      const { domain } = user
      const known = breakers.get(domain)
      if (known === undefined) return fetchRoster(user, source)
      const { run, slow } = known.watch(user, () => fetchRoster(user, source))
      if (known.broken()) return run()
      let inPlace = false
      const leave = (): void => {
        if (inPlace) count(domain, -1)
        inPlace = false
      }
      const fetch = async (): Promise<BackendAnswer> => {
        count(domain, 1)
        inPlace = true
        try {
          return await run() // the deadline of a fetch begins when it has a place
        } finally {
          leave()
        }
      }
      return lanes.run(fetch, () => {
        leave()
        slow()
        return inHand.putAside(user)
      })
    },

    isBroken: (domain: Domain): boolean => breakers.get(domain)?.broken() !== undefined,

    /**
     * Whether one more fetch of a domain may begin. Of a backend that has not answered a probe for long, only some do: it
     * would fill the slow lane, and then the places of the others (G7).
     */
    mayBegin: (domain: Domain): boolean =>
      (breakers.get(domain)?.doubtfulForMs() ?? 0) < options.slowFetchMs || (places.get(domain) ?? 0) < mostInDoubt,

    broken: (): BrokenBackend[] => [...breakers.values()].flatMap((each) => each.broken() ?? []),

    stop(): void {
      for (const each of breakers.values()) each.stop()
    },
  }
}
