import type { RecentFetches } from '@rollcall/runtime'

/** How far back is told of: a backend that fails is to be seen within seconds, also when few users are fetched. */
const WINDOW_MS = 15_000

/** What came of the fetches of the last seconds, given what came of all; asked at each heartbeat. */
export function recentFetches(all: () => readonly RecentFetches[], windowMs = WINDOW_MS): () => RecentFetches[] {
  const looks: { readonly at: number; readonly counts: readonly RecentFetches[] }[] = [
    { at: performance.now(), counts: all() },
  ]
  return () => {
    const at = performance.now()
    const counts = all()
    looks.push({ at, counts })
    while (looks.length > 2 && (looks[1]?.at ?? at) <= at - windowMs) looks.shift()
    const before = looks[0]?.counts ?? []
    return counts.flatMap(({ domain, all: now, failed }, i) => {
      const recent = now - (before[i]?.all ?? 0)
      return recent > 0 ? [{ domain, all: recent, failed: failed - (before[i]?.failed ?? 0) }] : []
    })
  }
}
