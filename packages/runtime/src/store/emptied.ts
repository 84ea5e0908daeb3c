import type { Domain } from '@rollcall/roster'
import type { ShardKeys } from '../keys.ts'
import type { RedisClient } from '../redis.ts'
import type { RunScript } from './scripts.ts'
import { writtenCounts } from './written-counts.ts'

/** How long empty rosters are right once an operator has said so. */
const CONFIRMED_FOR_MS = 3_600_000

/** `confirm`: empty rosters are right. `reject`: they were wrong, and the backend has been mended. */
export type Verdict = 'confirm' | 'reject'

export interface EmptiedRules {
  /** Of the rosters of a domain that are written within a minute, in a shard: what share, and how many, may be emptied. */
  readonly emptiedShare: number
  readonly emptiedMin: number
}

/** What `commit` is told so that it can hold back the rosters of an emptied backend. */
export function emptiedGuard({ emptiedShare, emptiedMin }: EmptiedRules) {
  const counts = writtenCounts()
  return {
    /** Null for most commits, which then cost no more than without the guard. */
    commit(domain: Domain, contacts: number): readonly (string | number)[] | null {
      if (emptiedShare >= 1) return null
      counts.add(domain)
      const written = counts.take(domain, contacts === 0)
      return written === 0 ? null : [domain, written, emptiedShare, emptiedMin]
    },
    confirm(domain: Domain): void {
      if (emptiedShare < 1) counts.add(domain)
    },
  }
}

interface EmptiedOptions {
  readonly redis: RedisClient
  readonly run: RunScript
  readonly shards: number
  readonly keysAt: (shard: number) => ShardKeys
}

/** Domains whose empty rosters are held back. */
export function emptiedDomains({ redis, run, shards, keysAt }: EmptiedOptions) {
  const allKeys = Array.from({ length: shards }, (_, shard) => keysAt(shard))
  return {
    /** Each domain of which rosters are held back, with the time of the first, in ms by the clock of Redis. */
    async heldDomains(): Promise<ReadonlyMap<string, number>> {
      const found = new Map<string, number>()
      for (const domains of await Promise.all(allKeys.map(({ emptied }) => redis.hgetall(emptied)))) {
        for (const [domain, text] of Object.entries(domains)) {
          const heldSince = Number(text.split(' ')[HELD_SINCE])
          if (heldSince > 0) found.set(domain, Math.min(heldSince, found.get(domain) ?? heldSince))
        }
      }
      return found
    },

    /** Ends the holding back. Returns whether there was any. Whom it befell is in `failed`: see `repairNow`. */
    async judgeEmptied(domain: Domain, verdict: Verdict): Promise<boolean> {
      const forMs = verdict === 'confirm' ? CONFIRMED_FOR_MS : 0
      const held = await Promise.all(allKeys.map(({ emptied }) => run('judge', [emptied], [domain, forMs])))
      return held.includes(1)
    },
  }
}

/** Where it stands in what `emptied.lua` keeps of a domain. */
const HELD_SINCE = 3
