import { type BareJid, type User, userFromJid } from '@rollcall/roster'
import {
  type Fetch,
  type NewRoster,
  type Notice,
  parseNotice,
  type RosterStore,
  rosterStore,
  type ShardKeys,
  shardKeys,
} from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { RosterStoreOptions } from '../../packages/runtime/src/store/roster-store.ts'
import { freshRedisUrl } from './fresh-redis.ts'

export interface FreshStore {
  readonly store: RosterStore
  readonly redis: Redis
  /** Of shard 0. */
  readonly keys: ShardKeys
  /** Another store on the same Redis: with other scripts, limits or connections. */
  another(options: Partial<RosterStoreOptions>): RosterStore
  /** What is published to a replica of shard 0 from now on. */
  listen(replica: string): Promise<{ heard(): Promise<Notice[]> }>
  /** Asks for one user and begins to fetch him. */
  begin(user: User, replica?: string): Promise<Fetch>
  close(): void
}

export const MAX_STARTS = 3
export const CHANGES_MAX_LEN = 1000
export const REPAIR_MIN_MS = 60_000
export const REPAIR_MAX_MS = 3_600_000

/** What a store is given beside its Redis. */
export const LIMITS = {
  maxStarts: MAX_STARTS,
  changesMaxLen: CHANGES_MAX_LEN,
  repairMinMs: REPAIR_MIN_MS,
  repairMaxMs: REPAIR_MAX_MS,
  emptiedShare: 0.5,
  emptiedMin: 20,
}

/** `freshStore` for a test file, emptied before each of its tests. */
export function freshStoreOfFile(): Omit<FreshStore, 'close'> {
  let fresh: FreshStore
  beforeAll(async () => {
    fresh = await freshStore()
  })
  beforeEach(() => fresh.redis.flushdb())
  afterAll(() => fresh.close())
  return {
    get store() {
      return fresh.store
    },
    get redis() {
      return fresh.redis
    },
    get keys() {
      return fresh.keys
    },
    another: (options) => fresh.another(options),
    listen: (replica) => fresh.listen(replica),
    begin: (user, replica) => fresh.begin(user, replica),
  }
}

/** A store of one shard, on a Redis database of its own unless told otherwise. */
export async function freshStore(redisUrl?: string): Promise<FreshStore> {
  const url = redisUrl ?? (await freshRedisUrl())
  const redis = new Redis(url)
  const subscribers: Redis[] = []
  const keys = shardKeys(0)
  const another = (options: Partial<RosterStoreOptions>) => rosterStore({ redis, shards: 1, ...LIMITS, ...options })
  const store = another({})
  return {
    store,
    redis,
    keys,
    another,
    async listen(replica) {
      const subscriber = new Redis(url)
      subscribers.push(subscriber)
      const messages: Notice[] = []
      subscriber.on('message', (_channel: string, text: string) => messages.push(parseNotice(text)))
      await subscriber.subscribe(keys.settledPrefix + replica)
      return {
        async heard() {
          await subscriber.ping() // answered after everything that was published before
          const epoch = await redis.get(keys.epoch) // channels are shared by all databases, and so by all test files
          return messages.filter((message) => message.epoch === (epoch ?? ''))
        },
      }
    },
    async begin(user, replica = '') {
      await store.request(0, [user.jid], replica)
      const begin = await store.begin(user)
      if (begin.kind !== 'begun') throw new Error(`Not begun: ${begin.kind}`)
      return begin
    },
    close() {
      for (const connection of [redis, ...subscribers]) connection.disconnect()
    },
  }
}

export const testUser = (username: string): User => userFromJid(`${username}@example.org` as BareJid)

/** A roster to be committed; the store looks into none of it. */
export const newRoster = (name: string): NewRoster => ({
  body: `{"${name}@contacts.example":{}}`,
  etag: `etag-of-${name}`,
  source: { etag: `"${name}"`, hash: `hash-of-${name}` },
  contacts: 1,
  change: JSON.stringify({ name }),
})
