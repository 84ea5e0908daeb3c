import { randomUUID } from 'node:crypto'
import type { BareJid } from '@rollcall/roster'
import { type ShardKeys, shardKeys, shardOf } from '../keys.ts'
import type { RedisClient } from '../redis.ts'
import { emptiedDomains } from './emptied.ts'
import { failureGroups } from './failure-groups.ts'
import { type FetchesOptions, type FetchFailure, fetches } from './fetches.ts'
import { repairs } from './repairs.ts'
import { loadScripts, type Scripts, scriptRunner } from './scripts.ts'
import { totals } from './totals.ts'
import { upkeep } from './upkeep.ts'
import { userStates } from './user-states.ts'

export interface StoredRoster {
  readonly body: Buffer
  readonly etag: string
  /** Epoch milliseconds by the clock of Redis. */
  readonly fetchedAt: number
  readonly version: number
  /** The last fetch failed: what is stored is the last good roster. */
  readonly stale: boolean
}

export interface RosterStoreOptions extends Omit<FetchesOptions, 'run' | 'keysOf'> {
  readonly redis: RedisClient
  readonly shards: number
  /** A stored roster is fetched again when it is older; 0 (the default): never. */
  readonly maxRosterAgeS?: number
  /** One that nobody used for so long is dropped; 0 (the default): never. */
  readonly rosterTtlS?: number
  readonly scripts?: Scripts
}

export type RosterStore = ReturnType<typeof rosterStore>

/** Rosters and their refresh state in Redis. Each operation is atomic: one script, or one command. */
export function rosterStore(options: RosterStoreOptions) {
  const { redis, shards, repairMinMs, repairMaxMs } = options
  const { maxRosterAgeS = 0, rosterTtlS = 0, scripts = loadScripts(redis.isCluster) } = options
  const run = scriptRunner(redis, scripts)
  const keysOfShard = Array.from({ length: shards }, (_, shard) => shardKeys(shard))
  const keysOf = (jid: BareJid) => keysAt(shardOf(jid, shards))
  const keysAt = (shard: number) => {
    const keys = keysOfShard[shard]
    if (!keys) throw new RangeError(`Shard ${shard} does not exist: SHARDS is ${shards}`)
    return keys
  }

  return {
    /** Asks for the rosters of up to 500 users of one shard; `replica` is told when each has settled. */
    async request(shard: number, users: readonly BareJid[], replica: string): Promise<Requested> {
      const keys = keysAt(shard)
      const [epoch, ...numbers] = (await run(
        'request',
        [keys.epoch, keys.open, ...users.map(keys.user)],
        [replica, randomUUID(), keys.userPrefix.length],
      )) as [string, ...number[]]
      return { epoch, at: (i) => ({ generation: numbers[2 * i] ?? 0, version: numbers[2 * i + 1] ?? 0 }) }
    },

    /**
     * Settles up to 500 users of one shard as failed for a request that an operator cancels, unless they have settled, or an
     * earlier one is open. Returns how many, and those of them whom nobody else asks for.
     */
    async cancel(
      shard: number,
      users: readonly BareJid[],
      { epoch, generations }: { readonly epoch: string; readonly generations: readonly number[] },
      failure: FetchFailure,
    ): Promise<{ readonly cancelled: number; readonly closed: readonly BareJid[] }> {
      const keys = keysAt(shard)
      const [cancelled, ...closed] = (await run(
        'cancel',
        [keys.epoch, keys.open, keys.failed, keys.userPrefix],
        [
          ...[epoch, keys.settledPrefix, failure.code, failure.message, repairMaxMs],
          ...users.flatMap((jid, i) => [generations[i] ?? 0, jid]),
        ],
      )) as [number, ...BareJid[]]
      return { cancelled, closed }
    },

    /** Whether the backend has said that the user is gone, and has not given a roster since. */
    async isGone(jid: BareJid): Promise<boolean> {
      return (await redis.zscore(keysOf(jid).gone, jid)) !== null
    },

    /** Users of a shard that have been open for longer than `graceMs`, unless another process looked within `intervalMs`. */
    async sweep(shard: number, graceMs: number, intervalMs: number, most: number): Promise<BareJid[]> {
      const keys = keysAt(shard)
      return (await run('sweep', [keys.open, keys.sweep], [graceMs, intervalMs, most])) as BareJid[]
    },

    /** How many users have been asked for and have not settled. */
    async countOpen(): Promise<number> {
      // On a Cluster some shards may be away, which the others need not notice.
      const ofShard = ({ open }: ShardKeys) => (redis.isCluster ? redis.zcard(open).catch(() => 0) : redis.zcard(open))
      const counts = await Promise.all(keysOfShard.map(ofShard))
      return counts.reduce((sum, count) => sum + count, 0)
    },

    ...fetches({ ...options, run, keysOf }),
    ...userStates({ run, keysAt }),
    ...repairs({ run, shards, keysAt, repairMinMs, repairMaxMs }),
    ...failureGroups({ redis, run, shards, keysAt }),
    ...emptiedDomains({ redis, run, shards, keysAt }),

    ...totals({ redis, run, shards, keysAt }),
    ...upkeep({ run, shards, keysAt, maxRosterAgeS, rosterTtlS }),

    async read(jid: BareJid): Promise<StoredRoster | null> {
      const [body, etag, state] = await redis.hmgetBuffer(keysOf(jid).roster(jid), ...READ)
      if (!body || !etag || !state) return null
      const [fetchedAt, version, stale] = state.toString('latin1').split(' ')
      return {
        body,
        etag: etag.toString('latin1'),
        fetchedAt: Number(fetchedAt),
        version: Number(version),
        stale: stale === '1',
      }
    },
  }
}

export interface Requested {
  readonly epoch: string
  /** Generation asked for, and version stored at that moment, of the i-th user. */
  at(i: number): { readonly generation: number; readonly version: number }
}

const READ = ['body', 'etag', 'state'] as const
