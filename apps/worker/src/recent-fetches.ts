import type { FailureCode } from '@rollcall/roster'
import type { RecentFetches } from '@rollcall/runtime'
import type { Fetches } from './worker-numbers.ts'

/** How far back is told of: a backend that fails is to be seen within seconds, also when few users are fetched. */
const WINDOW_MS = 15_000

/** What came of the fetches of the last seconds, given what came of all; asked at each heartbeat. */
export function recentFetches(all: () => readonly Fetches[], windowMs = WINDOW_MS): () => RecentFetches[] {
  const looks: { readonly at: number; readonly counts: readonly Fetches[] }[] = [
    { at: performance.now(), counts: all() },
  ]
  return () => {
    const at = performance.now()
    const counts = all()
    looks.push({ at, counts })
    while (looks.length > 2 && (looks[1]?.at ?? at) <= at - windowMs) looks.shift()
    const before = looks[0]?.counts ?? []
    return counts.flatMap(({ domain, lastFailure, ...now }, i) => {
      const since = (count: 'all' | 'failed' | 'unknown'): number => now[count] - (before[i]?.[count] ?? 0)
      if (since('all') === 0) return []
      const failed = since('failed')
      return [
        {
          domain,
          all: since('all'),
          failed,
          unknown: since('unknown'),
          ...(failed > 0 &&
            lastFailure && { lastFailure: inWords(lastFailure), sinceFailureMs: Math.round(at - lastFailure.at) }),
        },
      ]
    })
  }
}

/** Other messages tell of the roster of a user, which is not for everybody who may look. */
const OF_THE_BACKEND: ReadonlySet<FailureCode> = new Set(['backend-status', 'backend-timeout', 'backend-unreachable'])

const inWords = ({ code, message }: NonNullable<Fetches['lastFailure']>): string =>
  OF_THE_BACKEND.has(code) ? `${code}: ${message}` : code
