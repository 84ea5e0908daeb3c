import type { Domain, OpsBackend } from '@rollcall/roster'

/** For so long is told since when a backend answers again. */
const TOLD_FOR_MS = 5 * 60_000

/**
 * Since when backends answer again that failed or were given up, as ISO 8601, by the looks at their state: who does not look
 * while one is away knows of nothing.
 */
export function recoveries(now: () => number = Date.now) {
  const away = new Set<Domain>()
  const again = new Map<Domain, number>()
  return (domain: Domain, { state, lately }: Pick<OpsBackend, 'state' | 'lately'>): string | undefined => {
    if (state === 'failing' || state === 'broken') {
      away.add(domain)
      again.delete(domain)
    }
    const answers = state === 'ok' && lately !== undefined && lately.failed < lately.all
    if (answers && away.delete(domain)) again.set(domain, now())
    const at = again.get(domain)
    if (state !== 'ok' || at === undefined || now() - at > TOLD_FOR_MS) return undefined
    return new Date(at).toISOString()
  }
}
