import type { Domain, OpsBackend, OpsTrouble } from '@rollcall/roster'
import { type HeardProcess, isAlive, MOST_DOMAINS_IN_HISTORY, type RecentFetches } from '@rollcall/runtime'
import type { Recent } from './recent.ts'
import { recoveries } from './recoveries.ts'

/** A backend fails of which so many of the last fetches failed, and so large a share… */
const FAILING_FETCHES = 5
const FAILING_SHARE = 0.5
/** …or a smaller one, as long as they go on failing: what is over ends sooner. */
const STILL_FAILING_SHARE = 0.1
const STILL_MS = 8_000
/** So does one that does not know so many of the last users, and at least half of them: it may be the wrong one, or empty. */
const UNKNOWN_USERS = 20
const UNKNOWN_SHARE = 0.5

type BackendsLook = (heard: readonly HeardProcess[], held: ReadonlyMap<string, number>, recent: Recent) => OpsBackend[]

/** How the backend of each domain does, as the workers see it. */
export function backendsLook(domains: readonly Domain[], now?: () => number): BackendsLook {
  const recoveredAt = recoveries(now)
  return (heard, held, recent) => {
    const workers = heard.filter(isAlive)
    return domains.map((domain, i) => {
      const { wasAsked, ...numbers } = recent.ofBackend(domain)
      const lately = latelyOf(domain, workers)
      const isAsked = wasAsked || lately !== undefined
      const state = { ...stateOf(domain, workers, held.get(domain), isAsked), ...(lately && { lately }) }
      const since = recoveredAt(domain, state)
      return { domain, ...state, ...(since && { since }), ...(i < MOST_DOMAINS_IN_HISTORY && numbers) }
    })
  }
}

function latelyOf(domain: Domain, workers: readonly HeardProcess[]): OpsBackend['lately'] {
  const lately = { all: 0, failed: 0 }
  for (const one of workers.flatMap(({ fetches = [] }) => fetches)) {
    if (one.domain !== domain) continue
    lately.all += one.all
    lately.failed += one.failed
  }
  return lately.all === 0 ? undefined : lately
}

type State = Pick<OpsBackend, 'state' | 'since' | 'reason'>

function stateOf(
  domain: Domain,
  workers: readonly HeardProcess[],
  heldSince: number | undefined,
  isAsked: boolean,
): State {
  const broken = workers.flatMap((worker) => worker.broken ?? []).filter((one) => one.domain === domain)
  const [first] = broken.toSorted((a, b) => (a.since < b.since ? -1 : 1))
  if (first) return { state: 'broken', since: first.since, reason: first.reason }
  if (heldSince !== undefined) return { state: 'held', since: new Date(heldSince).toISOString(), reason: HELD }
  const until = workers
    .flatMap((worker) => worker.paused ?? [])
    .flatMap((one) => (one.domain === domain ? [one.until] : []))
    .toSorted()
    .at(-1)
  if (until !== undefined)
    return { state: 'paused', reason: `the backend is left alone until ${until}, as it asked for (Retry-After)` }
  const failing = failingText(workers.flatMap(({ fetches = [] }) => fetches).filter((one) => one.domain === domain))
  if (failing !== null) return { state: 'failing', reason: failing }
  return { state: isAsked ? 'ok' : 'idle' }
}

const HELD = 'It gives empty rosters, which are held back until somebody confirms or rejects them'

/** `fetches`: the last ones of the backend, as each worker says. */
function failingText(fetches: readonly RecentFetches[]): string | null {
  const sum = (of: (one: RecentFetches) => number) => fetches.reduce((all, one) => all + of(one), 0)
  const [all, failed, unknown] = [sum((one) => one.all), sum((one) => one.failed), sum((one) => one.unknown ?? 0)]
  if (unknown >= UNKNOWN_USERS && unknown >= all * UNKNOWN_SHARE)
    return `${unknown} of the last ${all} fetches were for users whom it does not know`
  const [latest] = fetches.toSorted((a, b) => (a.sinceFailureMs ?? Infinity) - (b.sinceFailureMs ?? Infinity))
  const least = (latest?.sinceFailureMs ?? Infinity) <= STILL_MS ? STILL_FAILING_SHARE : FAILING_SHARE
  if (failed < FAILING_FETCHES || failed < all * least) return null
  const why = latest?.lastFailure === undefined ? '' : `, the last one with ${latest.lastFailure}`
  return `${failed} of the last ${all} fetches failed${why}`
}

/** Sentences on backends that fail, or have asked for a pause; of those that are given up or held it is told elsewhere. */
export const failingBackends = (backends: readonly OpsBackend[]): OpsTrouble[] =>
  backends.flatMap(({ state, domain, reason }) => {
    if (state !== 'failing' && state !== 'paused') return []
    const text =
      state === 'failing'
        ? `The backend of ${domain} does not answer well: ${reason}`
        : `Users of ${domain} wait: ${reason}`
    return [{ text, place: { view: 'failures', domain } }]
  })
