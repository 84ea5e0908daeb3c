import type { BareJid } from '@rollcall/roster'
import { byShard, type ShardKeys, shardOf } from '../keys.ts'
import { MAX_USERS_PER_CALL, type RunScript } from './scripts.ts'

/** What was asked for comes first: while more users of a shard wait, nobody else is fetched for his roster's age. */
const MOST_OPEN = 5000

/** Who is gone is remembered for a year: no target is away for longer, and names that nobody has any more shall not fill Redis. */
export const GONE_KEPT_MS = 365 * 86_400_000

interface UpkeepOptions {
  readonly run: RunScript
  readonly shards: number
  readonly keysAt: (shard: number) => ShardKeys
  /** A stored roster is fetched again when it is older; 0: never. */
  readonly maxRosterAgeS: number
  /** One that nobody used for so long is dropped; 0: never. */
  readonly rosterTtlS: number
}

/**
 * What nobody asks for: stored rosters are fetched again when they are old, and dropped when nobody uses them; who has been gone
 * for long is forgotten.
 */
export function upkeep({ run, shards, keysAt, maxRosterAgeS, rosterTtlS }: UpkeepOptions) {
  const notesUse = rosterTtlS > 0
  return {
    /** Up to 500 users of a shard whose roster is too old; none when another process looked within `intervalMs`. */
    async aged(shard: number, intervalMs: number): Promise<BareJid[]> {
      if (maxRosterAgeS === 0) return []
      const keys = keysAt(shard)
      const aged = (await run(
        'aged',
        [keys.userPrefix, keys.open, keys.stored, keys.used, keys.upkeep],
        [maxRosterAgeS * 1000, intervalMs, MAX_USERS_PER_CALL, MOST_OPEN, notesUse ? 1 : 0],
      )) as BareJid[]
      return aged.filter((jid) => shardOf(jid, shards) === shard) // others were left here when SHARDS was changed
    },

    /** Drops up to 500 rosters of a shard that nobody uses; says how many. */
    async dropUnused(shard: number, intervalMs: number): Promise<number> {
      if (!notesUse) return 0
      const keys = keysAt(shard)
      return (await run(
        'unused',
        [keys.userPrefix, keys.rosterPrefix, keys.open, keys.failed, keys.stored, keys.names, keys.used, keys.upkeep],
        [rosterTtlS * 1000, intervalMs, MAX_USERS_PER_CALL],
      )) as number
    },

    /** Forgets up to 500 users of a shard who have been gone for a year; says how many. */
    forgetGone: async (shard: number): Promise<number> =>
      (await run('forget-gone', [keysAt(shard).gone], [GONE_KEPT_MS, MAX_USERS_PER_CALL])) as number,

    /** Notes that users were read or named in a notice just now. */
    async use(users: readonly BareJid[]): Promise<void> {
      if (!notesUse) return
      const calls: Promise<unknown>[] = []
      for (const [shard, group] of byShard(users, (jid) => jid, shards)) {
        const { used, stored } = keysAt(shard)
        for (let i = 0; i < group.length; i += MAX_USERS_PER_CALL)
          calls.push(run('use', [used, stored], group.slice(i, i + MAX_USERS_PER_CALL)))
      }
      await Promise.all(calls)
    },
  }
}
