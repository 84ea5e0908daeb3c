import type { BareJid } from '@rollcall/roster'
import { shardKeys, shardOf } from '../keys.ts'
import type { RedisClient } from '../redis.ts'
import { entryOf, type LogEntry } from './log-entry.ts'
import { loadScripts, type Scripts, scriptRunner } from './scripts.ts'

/** An entry, and the shard in whose log it is. */
export interface ShardEntry extends LogEntry {
  readonly shard: number
}

/**
 * Where a log ends: the last entry it ever had ('0-0': none), how many it had by then (null: this Redis does not count), and
 * how many of them it has kept.
 */
export interface LogEnd {
  readonly id: string
  readonly added: number | null
  readonly kept: number
}

export interface ChangeLogOptions {
  readonly redis: RedisClient
  readonly shards: number
  readonly scripts?: Scripts
}

export type ChangeLog = ReturnType<typeof changeLog>

/** Reads the change logs of all shards for people; targets have a reader of their own, which misses nothing. */
export function changeLog({ redis, shards, scripts = loadScripts(redis.isCluster) }: ChangeLogOptions) {
  const run = scriptRunner(redis, scripts)
  const keyOf = (shard: number) => shardKeys(shard).changes

  return {
    /** The last changes of one user, the newest first; `after`: those before that one of his, as it was given last. */
    async ofUser(user: BareJid, most: number, after = ''): Promise<ShardEntry[]> {
      const shard = shardOf(user, shards)
      const keys = shardKeys(shard)
      const entries = (await run('changes-of', [keys.user(user)], [most, keys.changes, after])) as Entry[]
      return entries.map(inShard(shard)).filter((entry) => entry.user === user)
    },

    /** Entries of a shard before a place (exclusive; null: the end), the newest first. */
    async before(shard: number, id: string | null, most: number): Promise<ShardEntry[]> {
      const entries = await redis.xrevrange(keyOf(shard), id === null ? '+' : `(${id}`, '-', 'COUNT', most)
      return entries.map(inShard(shard))
    },

    /** Entries of a shard from one up to another one, both of them too, the oldest first. */
    async from(shard: number, id: string, upTo: string, most: number): Promise<ShardEntry[]> {
      const entries = await redis.xrange(keyOf(shard), id, upTo, 'COUNT', most)
      return entries.map(inShard(shard))
    },

    /** Entries of a shard after one, the oldest first. None costs next to nothing. */
    async after(shard: number, id: string, most: number): Promise<ShardEntry[]> {
      const [stream] = (await redis.xread('COUNT', most, 'STREAMS', keyOf(shard), id)) ?? []
      return (stream?.[1] ?? []).map((entry) => inShard(shard)(entry as Entry))
    },

    async end(shard: number): Promise<LogEnd> {
      if ((await redis.exists(keyOf(shard))) === 0) return { id: '0-0', added: 0, kept: 0 }
      const info = (await redis.xinfo('STREAM', keyOf(shard))) as (string | number)[]
      const valueAt = (field: string) => info[info.indexOf(field) + 1]
      const added = info.includes('entries-added') ? Number(valueAt('entries-added')) : null
      return { id: String(valueAt('last-generated-id')), added, kept: Number(valueAt('length')) }
    },
  }
}

type Entry = [string, string[]]

/** One that names nobody, since somebody else wrote it, is nobody's: it counts, and cannot be read. */
const inShard =
  (shard: number) =>
  (entry: Entry): ShardEntry => {
    const { user = '' as BareJid, ...found } = entryOf(entry)
    return { ...found, user, shard }
  }
