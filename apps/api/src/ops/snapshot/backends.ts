import type { Domain, OpsBackend, OpsTrouble } from '@rollcall/roster'
import { type HeardProcess, isAlive } from '@rollcall/runtime'
import type { Recent } from './recent.ts'

/** A backend fails of which so many of the last fetches failed, and so large a share. */
const FAILING_FETCHES = 5
const FAILING_SHARE = 0.5

/** How the backend of each domain does, as the workers see it. */
export function opsBackends(
  domains: Iterable<Domain>,
  heard: readonly HeardProcess[],
  held: ReadonlyMap<string, number>,
  recent: Recent,
): OpsBackend[] {
  return Array.from(domains, (domain) => {
    const { wasAsked, ...numbers } = recent.ofBackend(domain)
    return { domain, ...stateOf(domain, heard, held.get(domain), wasAsked), ...numbers }
  })
}

type State = Pick<OpsBackend, 'state' | 'since' | 'reason'>

function stateOf(
  domain: Domain,
  heard: readonly HeardProcess[],
  heldSince: number | undefined,
  wasAsked: boolean,
): State {
  const workers = heard.filter(isAlive)
  const broken = workers.flatMap((worker) => worker.broken ?? []).filter((one) => one.domain === domain)
  const [first] = broken.toSorted((a, b) => (a.since < b.since ? -1 : 1))
  if (first) return { state: 'broken', since: first.since, reason: first.reason }
  if (heldSince !== undefined) return { state: 'held', since: new Date(heldSince).toISOString(), reason: HELD }
  const failing = failingText(domain, workers)
  if (failing !== null) return { state: 'failing', reason: failing }
  return { state: wasAsked ? 'ok' : 'idle' }
}

const HELD = 'It gives empty rosters, which are held back until somebody confirms or rejects them'

function failingText(domain: Domain, workers: readonly HeardProcess[]): string | null {
  const recent = workers.flatMap(({ fetches = [] }) => fetches).filter((one) => one.domain === domain)
  const all = recent.reduce((sum, one) => sum + one.all, 0)
  const failed = recent.reduce((sum, one) => sum + one.failed, 0)
  if (failed < FAILING_FETCHES || failed < all * FAILING_SHARE) return null
  return `${failed} of the last ${all} fetches failed`
}

/** Sentences on backends that fail and that no worker has given up yet: of those it is told elsewhere. */
export const failingBackends = (backends: readonly OpsBackend[]): OpsTrouble[] =>
  backends.flatMap(({ state, domain, reason }) =>
    state === 'failing'
      ? [{ text: `The backend of ${domain} does not answer well: ${reason}`, place: { view: 'failures', domain } }]
      : [],
  )
