import type { BareJid, Domain } from '@rollcall/roster'
import type { ShardKeys } from '../keys.ts'
import { MAX_USERS_PER_CALL, type RunScript } from './scripts.ts'

/** A backend that has just come back is not asked for everybody at once. */
const SPREAD_MS = 10_000

interface RepairsOptions {
  readonly run: RunScript
  readonly shards: number
  readonly keysAt: (shard: number) => ShardKeys
  readonly repairMinMs: number
  readonly repairMaxMs: number
}

/** Nobody stays stale because a notice came while the backend was down: whoever failed is fetched until it goes well. */
export function repairs({ run, shards, keysAt, repairMinMs, repairMaxMs }: RepairsOptions) {
  return {
    /** Up to 500 users of a shard who failed and are to be fetched again now; each has his next time already. */
    async repair(shard: number): Promise<BareJid[]> {
      const keys = keysAt(shard)
      return (await run(
        'repair',
        [keys.userPrefix, keys.open, keys.failed],
        [repairMinMs, repairMaxMs, MAX_USERS_PER_CALL],
      )) as BareJid[]
    },

    /** The backend of a domain answers again: its failed users are due within seconds. Returns how many were not before. */
    async repairNow(domain: Domain): Promise<number> {
      let brought = 0
      for (let shard = 0; shard < shards; shard++) {
        const { failed } = keysAt(shard)
        let cursor = '0'
        do {
          const args = [cursor, `@${domain}`, SPREAD_MS, MAX_USERS_PER_CALL]
          const [next, more] = (await run('repair-now', [failed], args)) as [string, number]
          cursor = next
          brought += more
        } while (cursor !== '0')
      }
      return brought
    },
  }
}
