import type { Domain } from '@rollcall/roster'

/** Redis is told of so many rosters at once, so that counting them costs it next to nothing. */
const TOLD_AT_ONCE = 16
/** What was written earlier says nothing of what is written now. */
const FORGOTTEN_AFTER_MS = 60_000

/** How many rosters of each domain this process has written, for the guard against an emptied backend. */
export function writtenCounts() {
  const untold = new Map<Domain, { since: number; written: number }>()
  return {
    /** One more was written, or found to be what the backend has. */
    add(domain: Domain): void {
      const now = performance.now()
      const count = untold.get(domain)
      if (count && now - count.since < FORGOTTEN_AFTER_MS) count.written++
      else untold.set(domain, { since: now, written: 1 })
    },
    /** What Redis is to be told with this write; 0: nothing yet. */
    take(domain: Domain, atOnce: boolean): number {
      const { written } = untold.get(domain) ?? { written: 0 }
      if (!atOnce && written < TOLD_AT_ONCE) return 0
      untold.delete(domain)
      return written
    },
  }
}
