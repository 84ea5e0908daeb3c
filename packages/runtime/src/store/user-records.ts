import { type BareJid, type FailureCode, splitBareJid, type User } from '@rollcall/roster'
import { type ShardKeys, shardKeys, shardOf } from '../keys.ts'
import type { RedisClient } from '../redis.ts'
import { NEVER_KNOWN } from './failure-groups.ts'
import { nameOf } from './names.ts'
import { loadScripts, type Scripts, scriptRunner } from './scripts.ts'
import type { UserState } from './user-states.ts'

/** How far the refreshes of a user have come, and what comes next. Times in epoch milliseconds by the clock of Redis. */
export interface UserRecord extends UserState {
  /** When it failed; null: it has gone well since, or that is not known (any more). */
  readonly failedAt: number | null
  /** Repairs since the last good fetch. */
  readonly repairs: number
  /** Replicas that wait for him. */
  readonly waiting: readonly string[]
  /** Since when a refresh of him has not been answered; null: all have. */
  readonly openSince: number | null
  /** When he is fetched again because the last fetch failed; null: never. */
  readonly nextRepairAt: number | null
}

export interface UserRecordsOptions {
  readonly redis: RedisClient
  readonly shards: number
  readonly scripts?: Scripts
}

export type UserRecords = ReturnType<typeof userRecords>

/** What people look at, and do, of single users. */
export function userRecords({ redis, shards, scripts = loadScripts(redis.isCluster) }: UserRecordsOptions) {
  const run = scriptRunner(redis, scripts)
  /** Of the group that he is in. */
  async function failedAtOf(jid: BareJid, code: string, keys: ShardKeys): Promise<number | null> {
    const names = [code, ...(code === 'user-unknown' ? [NEVER_KNOWN] : [])]
    const groups = names.map((name) => keys.failedGroup(`${name}:${splitBareJid(jid).domain}`))
    const times = await Promise.all(groups.map((group) => redis.zscore(group, jid)))
    const at = times.find((time) => time !== null)
    return at === undefined ? null : Number(at)
  }

  return {
    /** Null: nobody has ever asked for this user. */
    async read(jid: BareJid): Promise<UserRecord | null> {
      const keys = shardKeys(shardOf(jid, shards))
      const [fields, openSince, nextRepairAt] = await Promise.all([
        redis.hmget(keys.user(jid), ...FIELDS),
        redis.zscore(keys.open, jid),
        redis.zscore(keys.failed, jid),
      ])
      if (fields.every((field) => field === null)) return null
      const [wanted, fetched, failed, version, repairs, lastCode, message, waiting] = fields
      const code = Number(failed ?? 0) > Number(fetched ?? 0) ? (lastCode ?? '') : '' // that of an earlier failure stays
      return {
        wanted: Number(wanted ?? 0),
        fetched: Number(fetched ?? 0),
        failed: Number(failed ?? 0),
        version: Number(version ?? 0),
        code: code as FailureCode | '',
        message: code && (message ?? ''),
        failedAt: code === '' ? null : await failedAtOf(jid, code, keys),
        repairs: Number(repairs ?? 0),
        waiting: Array.from((waiting ?? '').matchAll(/(\S+)=\d+/g), ([, replica = '']) => replica),
        openSince: openSince === null ? null : Number(openSince),
        nextRepairAt: nextRepairAt === null ? null : Number(nextRepairAt),
      }
    },

    /** Drops the stored roster, as when nobody uses it: no counter goes with it, and targets keep what they were told. */
    async drop({ jid, domain, username }: User): Promise<boolean> {
      const keys = shardKeys(shardOf(jid, shards))
      const dropped = await run(
        'drop-by-hand',
        [keys.user(jid), keys.failed, keys.stored, keys.used],
        [jid, nameOf(domain, username), keys.roster(jid), keys.names],
      )
      return dropped === 1
    },
  }
}

const FIELDS = ['wanted', 'fetched', 'failed', 'version', 'repairs', 'code', 'message', 'waiting'] as const
