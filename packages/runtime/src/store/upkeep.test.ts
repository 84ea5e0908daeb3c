import type { User } from '@rollcall/roster'
import { beforeAll, describe, expect, test } from 'vitest'
import { freshStoreOfFile, newRoster, testUser } from '../../../../test/support/fresh-store.ts'
import { shardOf } from '../keys.ts'
import { redisNow } from '../redis-now.ts'
import { numberOfChange } from '../targets/target-walks.ts'
import type { RosterStore } from './roster-store.ts'
import { GONE_KEPT_MS } from './upkeep.ts'

const fresh = freshStoreOfFile()
let store: RosterStore

const AGE_S = 86_400
const TTL_S = 7_776_000
const DAY_MS = 86_400_000
/** So that a look may hand out as many as there are: no share of them is smaller. */
const INTERVAL_MS = AGE_S * 1000
const names = ['a', 'b', 'c', 'd', 'e']
const users = names.map(testUser)
const jids = users.map(({ jid }) => jid)
const [a, b, c] = users as [User, User, User, ...User[]]

beforeAll(async () => {
  store = fresh.another({ maxRosterAgeS: AGE_S, rosterTtlS: TTL_S })
})

async function stored(...someone: readonly User[]): Promise<void> {
  for (const user of someone) await store.commit(user, await fresh.begin(user), newRoster(user.username))
}

/** As if they had been stored so many days ago, in this order. */
const age = (someone: readonly User[], days: number) =>
  Promise.all(someone.map(({ jid }, i) => fresh.redis.zadd(fresh.keys.stored, Date.now() - days * DAY_MS + i, jid)))

/** As if nobody had looked for long. */
const nextInterval = () => fresh.redis.hdel(fresh.keys.upkeep, 'agedAt', 'unusedAt')

async function aged(): Promise<string[]> {
  await nextInterval()
  return store.aged(0, INTERVAL_MS)
}

describe('an old roster', () => {
  test('is found when it is older than it may be, and no other', async () => {
    await stored(...users)
    await age(users.slice(0, 2), 1.01)
    await age(users.slice(2), 0.99)
    expect(await aged()).toEqual(jids.slice(0, 2))
  })

  test('is found by one process per interval', async () => {
    await stored(...users)
    await age(users, 2)
    expect(await store.aged(0, INTERVAL_MS)).toEqual(jids)
    expect(await store.aged(0, INTERVAL_MS)).toEqual([])
    await fresh.redis.hset(fresh.keys.upkeep, 'agedAt', 1)
    expect(await store.aged(0, INTERVAL_MS)).toEqual(jids)
  })

  test('is not handed out again while its user is open', async () => {
    await stored(...users)
    await age(users, 2)
    await store.request(0, [a.jid, b.jid], '')
    await store.begin(b)
    expect(await aged()).toEqual(jids.slice(2))
  })

  test('is not handed out again when its fetch failed: that is for the repair', async () => {
    await stored(...users)
    await age(users, 2)
    await fresh.redis.set(fresh.keys.jobLock('job'), 'token')
    await store.fail(
      a,
      await fresh.begin(a),
      { code: 'backend-timeout', message: '' },
      { jobId: 'job', token: 'token' },
    )
    expect(await aged()).toEqual(jids.slice(1))
  })

  test('is handed out with a share of the others, not all in one go', async () => {
    await stored(...users)
    await age(users, 2)
    const rounds = []
    for (let i = 0; i < 4; i++) {
      await nextInterval()
      rounds.push(await store.aged(0, INTERVAL_MS / 6)) // ceil(10 / 6) of them
    }
    expect(rounds).toEqual([jids.slice(0, 2), jids.slice(2, 4), jids.slice(4), jids.slice(0, 2)])
  })

  test('is left alone while many others are asked for', async () => {
    await stored(...users)
    await age(users, 2)
    await fresh.redis.zadd(
      fresh.keys.open,
      ...Array.from({ length: 5001 }, (_, i) => [i, `busy-${i}@example.org`]).flat(),
    )
    expect(await aged()).toEqual([])
    await fresh.redis.zrem(fresh.keys.open, 'busy-0@example.org')
    expect(await aged()).toEqual(jids)
  })

  test('is left alone when its user belongs to another shard since SHARDS was changed', async () => {
    await stored(...users)
    await age(users, 2)
    const two = fresh.another({ maxRosterAgeS: AGE_S, shards: 2 })
    const here = jids.filter((jid) => shardOf(jid, 2) === 0)
    expect(here.length).toBeGreaterThan(0)
    expect(here.length).toBeLessThan(jids.length)
    expect(await two.aged(0, INTERVAL_MS)).toEqual(here)
  })

  test('is nobody when rosters may be as old as they like', async () => {
    await stored(...users)
    await age(users, 1000)
    expect(await fresh.another({ rosterTtlS: TTL_S }).aged(0, 0)).toEqual([])
  })
})

describe('a roster that nobody uses', () => {
  const unused = (someone: readonly User[], days: number) =>
    Promise.all(someone.map(({ jid }) => fresh.redis.zadd(fresh.keys.used, Date.now() - days * DAY_MS, jid)))

  async function dropUnused(): Promise<number> {
    await nextInterval()
    return store.dropUnused(0, 0)
  }

  test('is dropped, with all that leads to it; the counters stay', async () => {
    await stored(...users)
    await unused([a, b], 90.1)
    await unused([c], 89.9)
    const before = await fresh.redis.hgetall(fresh.keys.user(a.jid))
    expect(await dropUnused()).toBe(2)
    const left = jids.slice(2)
    expect(await store.read(a.jid)).toBeNull()
    expect(await store.read(c.jid)).not.toBeNull()
    expect(await fresh.redis.exists(fresh.keys.roster(a.jid))).toBe(0)
    expect(await fresh.redis.zrange(fresh.keys.stored, '0', '-1')).toEqual(left)
    expect(await fresh.redis.zrange(fresh.keys.names, '0', '-1')).toEqual(
      names.slice(2).map((name) => `example.org\0${name}`),
    )
    expect(await fresh.redis.zrange(fresh.keys.used, '0', '-1')).toEqual([c.jid])
    expect(await fresh.redis.hgetall(fresh.keys.user(a.jid))).toEqual({ ...before, fence: '2' })
    expect(await fresh.redis.xlen(fresh.keys.changes)).toBe(users.length)
  })

  test('is dropped by one process per interval', async () => {
    await stored(...users)
    await unused(users, 100)
    expect(await store.dropUnused(0, DAY_MS)).toBe(5)
    await stored(...users)
    await unused(users, 100)
    expect(await store.dropUnused(0, DAY_MS)).toBe(0)
  })

  test('is kept while somebody asks for it, which is use', async () => {
    await stored(a)
    await unused([a], 100)
    await store.request(0, [a.jid], '')
    expect(await dropUnused()).toBe(0)
    expect(await store.read(a.jid)).not.toBeNull()
    expect(Number(await fresh.redis.zscore(fresh.keys.used, a.jid))).toBeGreaterThan(Date.now() - DAY_MS)
  })

  test('G2: a fetch that compared with the dropped roster writes nothing', async () => {
    await stored(a)
    const fetch = await fresh.begin(a)
    await fresh.redis.zrem(fresh.keys.open, a.jid) // as after a failure, whose repair this fetch is
    await unused([a], 100)
    expect(await dropUnused()).toBe(1)
    expect(await store.confirm(a, fetch, {})).toBe('superseded-open')
    expect(await fresh.redis.exists(fresh.keys.roster(a.jid))).toBe(0)
  })

  test('can be fetched again, and it is known then that what has changed is not', async () => {
    await stored(a)
    await unused([a], 100)
    expect(await fresh.begin(b)).not.toHaveProperty('dropped')
    await dropUnused()
    const fetch = await fresh.begin(a)
    expect(fetch).toMatchObject({ dropped: true, source: {} })
    expect(fetch).not.toHaveProperty('etag')
    expect(await store.commit(a, fetch, newRoster('again'))).toBe('ok')
    expect(await store.read(a.jid)).toMatchObject({ version: 2, stale: false })
  })

  test('is one that was not used since it was marked', async () => {
    await stored(a, b)
    await unused([a, b], 100)
    await store.use([b.jid, testUser('nobody').jid])
    expect(await dropUnused()).toBe(1)
    expect(await store.read(b.jid)).not.toBeNull()
    expect(await fresh.redis.zrange(fresh.keys.used, '0', '-1')).toEqual([b.jid]) // nobody has no roster
  })

  test('counts from when it was first found old, when its use was not noted before', async () => {
    await stored(a)
    await age([a], 2)
    expect(await fresh.redis.exists(fresh.keys.used)).toBe(0)
    expect(await aged()).toEqual([a.jid])
    const since = Number(await fresh.redis.zscore(fresh.keys.used, a.jid))
    expect(since).toBeGreaterThan(Date.now() - DAY_MS)
    await aged()
    expect(Number(await fresh.redis.zscore(fresh.keys.used, a.jid))).toBe(since)
  })

  test('is kept, and its use not noted, when rosters are kept for ever', async () => {
    const forEver = fresh.another({ maxRosterAgeS: AGE_S })
    await stored(a)
    await age([a], 2)
    await unused([b], 10_000)
    await forEver.use([a.jid])
    expect(await forEver.aged(0, INTERVAL_MS)).toEqual([a.jid])
    expect(await forEver.dropUnused(0, 0)).toBe(0)
    expect(await fresh.redis.zrange(fresh.keys.used, '0', '-1')).toEqual([b.jid])
  })
})

test('who is gone is remembered for a year, and forgotten then, so many at a time', async () => {
  const yearAgo = (await redisNow(fresh.redis)) - GONE_KEPT_MS
  const longGone = Array.from({ length: 501 }, (_, i) => [numberOfChange(`${yearAgo - 1}-${i}`), `long-${i}`]).flat()
  await fresh.redis.zadd(fresh.keys.gone, ...longGone, numberOfChange(`${yearAgo + DAY_MS}-0`), a.jid)
  expect(await store.forgetGone(0)).toBe(500)
  expect(await store.forgetGone(0)).toBe(1)
  expect(await store.forgetGone(0)).toBe(0)
  expect(await fresh.redis.zrange(fresh.keys.gone, '0', '-1')).toEqual([a.jid])
})
