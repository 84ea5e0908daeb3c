import type { Domain, OpsBackend } from '@rollcall/roster'
import { isAlive } from '@rollcall/runtime'
import type { HealthFacts } from '../../health.ts'

/** How the backend of each domain does, as the workers see it. */
export function opsBackends(domains: Iterable<Domain>, { processes, held }: HealthFacts): OpsBackend[] {
  const workers = typeof processes === 'string' ? [] : processes.filter(isAlive)
  const broken = workers.flatMap((worker) => worker.broken ?? [])
  return Array.from(domains, (domain) => {
    const first = broken.filter((one) => one.domain === domain).toSorted((a, b) => (a.since < b.since ? -1 : 1))[0]
    const heldSince = held.get(domain)
    return {
      domain,
      state: first ? 'broken' : heldSince === undefined ? 'idle' : 'held',
      ...(first ? { since: first.since, reason: first.reason } : heldSince !== undefined && heldText(heldSince)),
      fetchesPerSecond: 0,
      errorShare: 0,
      latency: { p50Ms: null, p95Ms: null, p99Ms: null },
    }
  })
}

const heldText = (since: number) => ({
  since: new Date(since).toISOString(),
  reason: 'It gives empty rosters, which are held back until somebody confirms or rejects them',
})
