import type { RefreshFound } from './refresh-records.ts'

export interface RefreshLooks {
  /** How far a refresh has come, or had a moment ago; null when it is not known (any more). Throws when Redis is away. */
  look(id: string): Promise<RefreshFound | null>
  /** Something was done to it: what is known is no longer good. */
  forget(id: string): void
  /**
   * What the last look found, at once and however long ago; undefined: there was none. When that is no longer good it is
   * looked again meanwhile, at one refresh at a time.
   */
  glance(id: string): RefreshFound | undefined
}

const GOOD_FOR_MS = 1_000
/** To look is no more than such a share of what this process and Redis have to do. */
const PAUSE_PER_COST = 20
/** Where a look takes seconds, it is more than that: nobody is to be told of the beginning when all is over. */
const LONGEST_GOOD_FOR_MS = 10_000
/** Refreshes that are remembered. */
const MOST_KNOWN = 1_000

interface Look {
  readonly found: Promise<RefreshFound | null>
  /** By the clock of this process; endless while the look is under way. */
  goodUntil: number
  last?: RefreshFound
}

/**
 * To count how far a refresh of 100,000 users has come takes a few hundred commands, and many look at it: what a look has
 * found is good for a second, for a large one for up to ten.
 */
export function refreshLooks(read: (id: string) => Promise<RefreshFound | null>): RefreshLooks {
  const looks = new Map<string, Look>()
  let isLookingAhead = false

  function begin(id: string): Look {
    const begun = performance.now()
    const before = looks.get(id)?.last
    const look: Look = { found: read(id), goodUntil: Number.POSITIVE_INFINITY, ...(before && { last: before }) }
    looks.delete(id) // to the end of those that are remembered
    looks.set(id, look)
    look.found.then(
      (found) => {
        const now = performance.now()
        const pauseMs = Math.min(PAUSE_PER_COST * (now - begun), LONGEST_GOOD_FOR_MS)
        look.goodUntil = now + Math.max(GOOD_FOR_MS, pauseMs)
        if (found) look.last = found
      },
      () => {
        look.goodUntil = Number.NEGATIVE_INFINITY
      },
    )
    const oldest = looks.size > MOST_KNOWN && looks.keys().next().value
    if (oldest) looks.delete(oldest)
    return look
  }

  const goodOne = (id: string): Look | undefined => {
    const known = looks.get(id)
    return known && performance.now() < known.goodUntil ? known : undefined
  }

  function lookAhead(id: string): void {
    isLookingAhead = true
    const done = (): void => {
      isLookingAhead = false
    }
    begin(id).found.then(done, done) // whoever looks next is told why
  }

  return {
    look: (id) => (goodOne(id) ?? begin(id)).found,
    glance(id) {
      if (!isLookingAhead && !goodOne(id)) lookAhead(id)
      return looks.get(id)?.last
    },
    forget: (id) => void looks.delete(id),
  }
}
