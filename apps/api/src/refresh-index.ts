import { type Domain, OpsRefreshRow, type RefreshProgress } from '@rollcall/roster'
import {
  CALLERS_KEY,
  type Entry,
  type Log,
  merged,
  newestBehind,
  type RedisClient,
  refreshKey,
  shardKeys,
  shardOfRefresh,
} from '@rollcall/runtime'
import { progressAtFirst } from './refresh-progress.ts'
import type { RefreshHeader } from './refresh-records.ts'

/** A refresh of more users is large. */
const SMALL_USERS = 100
/** Of each size and shard so many are listed, the newest. */
const MOST_LISTED = 10_000
const MOST_CALLERS = 1_000
const TIDY_EVERY_MS = 1_000

/** What is listed of a refresh: how it went; or, when nobody has written that down yet, as it was when it was accepted. */
export type Listed =
  | { readonly kind: 'row'; readonly row: OpsRefreshRow }
  | { readonly kind: 'running'; readonly accepted: RefreshProgress }

export interface RefreshIndexOptions {
  readonly redis: RedisClient
  readonly shards: number
  /** How long a refresh is known. */
  readonly ttlS: number
  readonly log: Log
}

export type RefreshIndex = ReturnType<typeof refreshIndex>

export const isSmall = ({ total }: Pick<RefreshHeader, 'total'>): boolean => total <= SMALL_USERS

export function rowOf({ failures, ...row }: RefreshProgress): OpsRefreshRow {
  return row
}

/** In which sorted sets a refresh is, and under which time. */
export interface Listing {
  readonly list: string
  readonly running: string
  readonly at: number
}

export function listingOf(header: RefreshHeader): Listing {
  const { refreshes, smallRefreshes, runningRefreshes } = shardKeys(shardOfRefresh(header.id))
  return {
    list: isSmall(header) ? smallRefreshes : refreshes,
    running: runningRefreshes,
    at: Date.parse(header.acceptedAt),
  }
}

/**
 * The refreshes of all shards, for people who look for one: the newest of them, and who asked. Written with the record of
 * the refresh; tidied up behind it, now and then.
 */
export function refreshIndex({ redis, shards, ttlS, log }: RefreshIndexOptions) {
  const untidy = new Set<string>()
  const callers = new Map<string, number>()

  async function tidy(): Promise<void> {
    const keys = [...untidy]
    const called = [...callers]
    untidy.clear()
    callers.clear()
    const bounded = (key: string, most: number) => [
      redis.zremrangebyrank(key, 0, -most - 1),
      redis.zremrangebyscore(key, '-inf', Date.now() - ttlS * 1000),
    ]
    try {
      if (called.length > 0) {
        await redis.zadd(CALLERS_KEY, ...called.flatMap(([caller, at]) => [at, caller]))
        await Promise.all(bounded(CALLERS_KEY, MOST_CALLERS))
      }
      await Promise.all(keys.flatMap((key) => bounded(key, MOST_LISTED)))
    } catch (error) {
      log.debug({ err: error }, 'Could not tidy up the list of refreshes; the next one that is accepted tries again')
    }
  }
  const timer = setInterval(() => {
    if (untidy.size > 0) void tidy()
  }, TIDY_EVERY_MS)

  const keysOfAll = (isRunning: boolean): string[] =>
    Array.from({ length: shards }, (_, shard) => {
      const { refreshes, smallRefreshes, runningRefreshes } = shardKeys(shard)
      return isRunning ? [runningRefreshes] : [refreshes, smallRefreshes]
    }).flat()

  return {
    /** A refresh is to be listed: where. */
    accepted(header: RefreshHeader): Listing {
      const listing = listingOf(header)
      untidy.add(listing.list).add(listing.running)
      callers.set(`${header.domain}\0${header.caller}`, listing.at)
      return listing
    },

    /** Ids of refreshes behind a place, the newest first. */
    async newest(isRunning: boolean, place: Entry | null, most: number): Promise<Entry[]> {
      const lists = keysOfAll(isRunning).map((key) => newestBehind(redis, key, place, most))
      return merged(await Promise.all(lists)).slice(0, most)
    },

    /** What is known of each; null: its time is over. */
    rows: (ids: readonly string[]): Promise<(Listed | null)[]> =>
      Promise.all(
        ids.map(async (id): Promise<Listed | null> => {
          const [row, header, cancelledAt] = await redis.hmget(refreshKey(id), 'row', 'header', 'cancelledAt')
          if (row)
            return {
              kind: 'row',
              row: OpsRefreshRow.parse({ ...JSON.parse(row), ...(cancelledAt && { cancelledAt }) }),
            }
          if (!header) return null
          return { kind: 'running', accepted: progressAtFirst(JSON.parse(header) as RefreshHeader) }
        }),
      ),

    /** Who asked for refreshes of domains that `mayLook` lets through, in the order of their names. */
    async callers(mayLook: (domain: Domain) => boolean): Promise<string[]> {
      const all = await redis.zrangebyscore(CALLERS_KEY, Date.now() - ttlS * 1000, '+inf')
      const known = all.map((member) => member.split('\0') as [Domain, string])
      return [...new Set(known.flatMap(([domain, caller]) => (mayLook(domain) ? [caller] : [])))].sort()
    },

    close: () => clearInterval(timer),
  }
}
