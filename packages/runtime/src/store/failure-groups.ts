import type { BareJid, Domain, FailureCode } from '@rollcall/roster'
import type { ShardKeys } from '../keys.ts'
import type { RedisClient } from '../redis.ts'
import { type Entry, merged, newestBehind } from '../sorted-pages.ts'
import { MAX_USERS_PER_CALL, type RunScript } from './scripts.ts'

/** Failed users of one shard with one reason and one backend, as Redis lists them. */
export interface GroupPart {
  readonly shard: number
  /** Of the group in its shard. */
  readonly name: string
  readonly code: FailureCode
  readonly domain: Domain
  /** Milliseconds since 1970: since when it has had members without a break. */
  readonly since: number
}

/** The same of all shards. */
export interface FailureGroup {
  readonly code: FailureCode
  readonly domain: Domain
  readonly count: number
  readonly since: number
  readonly last: FailedUser
  /** More may have failed: some shard lists as many as are listed at most. Absent: all are listed. */
  readonly mostPerShard?: number
}

export interface FailedUser {
  readonly jid: BareJid
  readonly code: FailureCode
  readonly message: string
  /** Milliseconds since 1970: when the fetch failed. */
  readonly at: number
  /** When it is repaired; absent: never. */
  readonly nextRepairAt?: number
}

interface FailureGroupsOptions {
  readonly redis: RedisClient
  readonly run: RunScript
  readonly shards: number
  readonly keysAt: (shard: number) => ShardKeys
}

/** How `groups.lua` calls the group of those whom the backend never knew, in place of their code. */
export const NEVER_KNOWN = 'never-known'
/** Of those, the newest so many of a shard and a domain are listed: anybody may make up names. */
export const MOST_NEVER_KNOWN = 10_000

/** Users whose last fetch failed, by why and at whose backend. */
export function failureGroups({ redis, run, shards, keysAt }: FailureGroupsOptions) {
  async function partsOf(shard: number): Promise<GroupPart[]> {
    const groups = await redis.hgetall(keysAt(shard).failedGroups)
    return Object.entries(groups).map(([name, since]) => {
      const colon = name.indexOf(':')
      const code = name.slice(0, colon)
      return {
        shard,
        name,
        code: (code === NEVER_KNOWN ? 'user-unknown' : code) as FailureCode,
        domain: name.slice(colon + 1) as Domain,
        since: Number(since),
      }
    })
  }

  const keyOf = ({ shard, name }: GroupPart) => keysAt(shard).failedGroup(name)

  async function detailOf(code: FailureCode, { member, at }: Entry, shard: number): Promise<FailedUser> {
    const keys = keysAt(shard)
    const jid = member as BareJid
    const [[lastCode, message], due] = await Promise.all([
      redis.hmget(keys.user(jid), 'code', 'message'),
      redis.zscore(keys.failed, jid),
    ])
    // It may have failed for another reason since the group was read.
    const found = { jid, code, message: lastCode === code ? (message ?? '') : '', at }
    return due === null ? found : { ...found, nextRepairAt: Number(due) }
  }

  /** Null: nobody is left in it. */
  async function lookAt(part: GroupPart): Promise<FailureGroup | null> {
    const [count, [newest]] = await Promise.all([redis.zcard(keyOf(part)), newestBehind(redis, keyOf(part), null, 1)])
    if (!newest) return null
    const { code, domain, since, shard, name } = part
    const isFull = name.startsWith(`${NEVER_KNOWN}:`) && count >= MOST_NEVER_KNOWN
    const last = await detailOf(code, newest, shard)
    return { code, domain, count, since, last, ...(isFull && { mostPerShard: MOST_NEVER_KNOWN }) }
  }

  return {
    /** What there is of groups in all shards. */
    async failureParts(): Promise<GroupPart[]> {
      return (await Promise.all(Array.from({ length: shards }, (_, shard) => partsOf(shard)))).flat()
    },

    /** The parts put together, the largest group first. Counts are exact. */
    async failureGroups(parts: readonly GroupPart[]): Promise<FailureGroup[]> {
      const groups = new Map<string, FailureGroup>()
      for (const group of await Promise.all(parts.map(lookAt))) {
        if (!group) continue
        const name = `${group.code}:${group.domain}`
        const other = groups.get(name)
        groups.set(name, other ? together(group, other) : group)
      }
      return [...groups.values()].sort((a, b) => b.count - a.count)
    },

    /** Up to `most` users of these parts behind a place, who failed last first; without their messages. */
    async failedBehind(parts: readonly GroupPart[], place: Entry | null, most: number): Promise<(Entry & GroupPart)[]> {
      const lists = await Promise.all(
        parts.map(async (part) => {
          const entries = await newestBehind(redis, keyOf(part), place, most)
          return entries.map((entry) => ({ ...part, ...entry }))
        }),
      )
      return merged(lists).slice(0, most)
    },

    failedUsers: (found: readonly (Entry & GroupPart)[]): Promise<FailedUser[]> =>
      Promise.all(found.map((entry) => detailOf(entry.code, entry, entry.shard))),

    /** How many of a part had failed by then. */
    countFailed: (part: GroupPart, until: number): Promise<number> => redis.zcount(keyOf(part), '-inf', until),

    /** Takes up to `most` users of a part, who failed by then, off the list of those who failed; says how many. */
    async dismiss({ shard, name }: GroupPart, until: number, most: number): Promise<number> {
      const keys = keysAt(shard)
      let dismissed = 0
      while (dismissed < most) {
        const atOnce = Math.min(MAX_USERS_PER_CALL, most - dismissed)
        const done = (await run('dismiss', [keys.failed, keys.userPrefix], [name, until, atOnce])) as number
        dismissed += done
        if (done < atOnce) break
      }
      return dismissed
    },
  }
}

function together(a: FailureGroup, b: FailureGroup): FailureGroup {
  const last = a.last.at >= b.last.at ? a.last : b.last
  return { ...b, ...a, count: a.count + b.count, since: Math.min(a.since, b.since), last }
}
