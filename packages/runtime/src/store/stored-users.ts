import type { Domain, User } from '@rollcall/roster'
import { shardKeys, shardOf } from '../keys.ts'
import type { RedisClient } from '../redis.ts'
import { nameOf, userNamed } from './names.ts'

/** Stored users whose names begin alike; `prefix` is normalised, '' = all of the domain. */
export interface NameSearch {
  readonly domain: Domain
  readonly prefix: string
  /** The whole name is `prefix`. */
  readonly isWhole?: boolean
}

export interface StoredUserRow {
  readonly user: User
  readonly contacts: number
  readonly version: number
  /** Epoch milliseconds by the clock of Redis. */
  readonly fetchedAt: number
  readonly stale: boolean
}

/** Domains that are looked through at the same time, when those before them have not filled a page. */
const DOMAINS_AT_A_TIME = 8

export type StoredUsers = ReturnType<typeof storedUsers>

/** Finds stored users by name, however many there are: by one range of `names` for each shard. */
export function storedUsers({ redis, shards }: { readonly redis: RedisClient; readonly shards: number }) {
  const allShards = Array.from({ length: shards }, (_, shard) => shard)

  async function namesIn(search: NameSearch, after: string, most: number): Promise<Found[]> {
    const first = nameOf(search.domain, search.prefix)
    const last = search.isWhole ? `[${first}` : Buffer.concat([Buffer.from(`(${first}`), AFTER_ALL_TEXT])
    const from = compare(after, first) < 0 ? `[${first}` : `(${after}`
    const found = await Promise.all(
      allShards.map(async (shard) => {
        const names = await redis.zrangebylex(shardKeys(shard).names, from, last, 'LIMIT', 0, most)
        return names.map((name) => ({ name, shard }))
      }),
    )
    return found.flat()
  }

  /** Null: dropped in this moment, or left in a shard that is not his any more since SHARDS was changed. */
  async function readRow(name: string, shard: number): Promise<StoredUserRow | null> {
    const user = userNamed(name)
    if (shardOf(user.jid, shards) !== shard) return null
    const [contacts, state] = await redis.hmget(shardKeys(shard).roster(user.jid), 'contacts', 'state')
    if (!state) return null
    const [fetchedAt, version, stale] = state.split(' ')
    return {
      user,
      contacts: Number(contacts ?? 0),
      version: Number(version),
      fetchedAt: Number(fetchedAt),
      stale: stale === '1',
    }
  }

  return {
    /**
     * Up to `most` of them after a user (null: from the first on), in the order of domains and names; `last`: whom the next
     * ones come after; null: there are none. Of each domain one search.
     */
    async find(
      searches: readonly NameSearch[],
      after: User | null,
      most: number,
    ): Promise<{ readonly rows: readonly StoredUserRow[]; readonly last: User | null }> {
      const afterName = after ? nameOf(after.domain, after.username) : ''
      const inOrder = searches
        .filter(({ domain }) => after === null || compare(domain, after.domain) >= 0)
        .toSorted((a, b) => compare(a.domain, b.domain))
      const found: Found[] = []
      for (let i = 0; i < inOrder.length && found.length <= most; i += DOMAINS_AT_A_TIME) {
        const some = inOrder.slice(i, i + DOMAINS_AT_A_TIME)
        found.push(...(await Promise.all(some.map((search) => namesIn(search, afterName, most + 1)))).flat())
      }
      const page = found.sort((a, b) => compare(a.name, b.name)).slice(0, most)
      const rows = await Promise.all(page.map(({ name, shard }) => readRow(name, shard)))
      const lastName = page.at(-1)?.name
      return {
        rows: rows.filter((row) => row !== null),
        last: found.length > most && lastName !== undefined ? userNamed(lastName) : null,
      }
    },
  }
}

interface Found {
  readonly name: string
  readonly shard: number
}

/** No byte of UTF-8 is as large. */
const AFTER_ALL_TEXT = Buffer.from([0xff])

/** As Redis orders names: by their bytes. */
const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
