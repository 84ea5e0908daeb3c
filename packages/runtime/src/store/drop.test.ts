import { beforeEach, expect, test } from 'vitest'
import { untilMinuteIsYoung } from '../../../../test/support/emptied-minute.ts'
import { freshStoreOfFile, newRoster, testUser } from '../../../../test/support/fresh-store.ts'
import { numberOfChange } from '../targets/target-walks.ts'
import type { Fetch } from './fetches.ts'

const fresh = freshStoreOfFile()
const user = testUser('a')
const { jid } = user
const LOCK = { jobId: 'job', token: 'token' }
const GONE = { code: 'user-unknown', message: 'It answered 410' } as const
const CHANGE = '{"removed":["a@contacts.example"]}'

beforeEach(async () => {
  await fresh.store.commit(user, await fresh.begin(user), newRoster('a'))
  await fresh.redis.set(fresh.keys.jobLock(LOCK.jobId), LOCK.token)
})

const drop = (fetch: Fetch) => fresh.store.drop(user, fetch, GONE, CHANGE, LOCK)
const state = async () => (await fresh.store.states(0, [jid])).states[0]
const logged = async () => (await fresh.redis.xrange(fresh.keys.changes, '-', '+')).map(([, fields]) => fields)

test('the roster goes, with all that leads to it; its user settles as failed, and targets learn of it', async () => {
  await fresh.redis.zadd(fresh.keys.failed, 1, jid)
  await fresh.redis.zadd(fresh.keys.used, 1, jid)
  const { heard } = await fresh.listen('api-1')
  expect(await drop(await fresh.begin(user, 'api-1'))).toBe('ok')
  expect(await fresh.store.read(jid)).toBeNull()
  expect(await fresh.store.isGone(jid)).toBe(true)
  const { roster, stored, names, used, failed, open } = fresh.keys
  expect(await fresh.redis.exists(roster(jid), stored, names, used, failed, open)).toBe(0)
  const settled = { wanted: 2, fetched: 1, failed: 2, version: 2, ...GONE }
  expect(await state()).toEqual(settled)
  expect(await heard()).toEqual([{ jid, epoch: expect.any(String), ...settled }])
  expect((await logged())[1]).toEqual(['user', jid, 'version', '2', 'diff', CHANGE, 'prev', expect.any(String)])
})

test('G2: only the latest begun fetch drops', async () => {
  const earlier = await fresh.begin(user)
  const later = await fresh.begin(user)
  expect(await drop(earlier)).toBe('superseded-open')
  expect(await fresh.store.commit(user, later, newRoster('b'))).toBe('ok')
  expect(await drop(earlier)).toBe('superseded')
  expect(await fresh.store.read(jid)).toMatchObject({ etag: 'etag-of-b', version: 2 })
})

test('a job that is no longer ours drops nothing: its end is for another run to tell', async () => {
  const fetch = await fresh.begin(user)
  await fresh.redis.set(fresh.keys.jobLock(LOCK.jobId), 'of another')
  expect(await drop(fetch)).toBe('lock-lost')
  expect(await fresh.store.read(jid)).not.toBeNull()
  expect(await state()).toMatchObject({ failed: 0 })
})

test('who has no roster any more is told so once, and settles all the same', async () => {
  await drop(await fresh.begin(user))
  expect(await drop(await fresh.begin(user))).toBe('ok')
  expect(await state()).toMatchObject({ wanted: 3, failed: 3, version: 2 })
  expect(await logged()).toHaveLength(2)
})

test('targets learn of it also when the roster was dropped before, since nobody used it', async () => {
  const store = fresh.another({ rosterTtlS: 1 })
  await fresh.redis.zadd(fresh.keys.used, 1, jid)
  expect(await store.dropUnused(0, 0)).toBe(1)
  expect(await store.isGone(jid)).toBe(false)
  expect(await drop(await fresh.begin(user))).toBe('ok')
  expect(await logged()).toHaveLength(2)
  expect(await store.isGone(jid)).toBe(true)
  expect(await state()).toMatchObject({ version: 2 })
})

test('who is gone is kept in the order of the changes, until he is back', async () => {
  const john = testUser('john')
  await fresh.store.commit(john, await fresh.begin(john), newRoster('john'))
  await drop(await fresh.begin(user))
  await fresh.redis.set(fresh.keys.jobLock(LOCK.jobId), LOCK.token)
  await fresh.store.drop(john, await fresh.begin(john), GONE, CHANGE, LOCK)
  const ids = (await fresh.redis.xrange(fresh.keys.changes, '-', '+')).map(([id]) => id).slice(2)
  const scores = ids.map((id) => String(numberOfChange(id)))
  expect(await fresh.redis.zrange(fresh.keys.gone, '0', '-1', 'WITHSCORES')).toEqual([
    jid,
    scores[0],
    john.jid,
    scores[1],
  ])
  await fresh.store.commit(user, await fresh.begin(user), newRoster('back'))
  expect(await fresh.redis.zrange(fresh.keys.gone, '0', '-1')).toEqual([john.jid])
})

test('a backend that says so of too many at once is not believed: the stored roster stays', async () => {
  const store = fresh.another({ emptiedShare: 0.1, emptiedMin: 1 })
  const [john, marie] = [testUser('john'), testUser('marie')]
  for (const one of [john, marie]) await fresh.store.commit(one, await fresh.begin(one), newRoster(one.username))
  await untilMinuteIsYoung(fresh.redis)
  expect(await store.drop(user, await fresh.begin(user), GONE, CHANGE, LOCK)).toBe('ok')
  expect(await store.drop(john, await fresh.begin(john), GONE, CHANGE, LOCK)).toBe('tripped')
  expect(await store.drop(marie, await fresh.begin(marie), GONE, CHANGE, LOCK)).toBe('held')
  for (const one of [john, marie]) expect(await store.read(one.jid)).not.toBeNull()
  expect((await store.states(0, [john.jid])).states).toMatchObject([{ wanted: 2, failed: 0 }]) // that is for the caller to say
})

test('it is not believed of those either whose rosters were dropped before, and whom targets still have', async () => {
  const store = fresh.another({ emptiedShare: 0.1, emptiedMin: 1, rosterTtlS: 1 })
  const john = testUser('john')
  await store.commit(john, await fresh.begin(john), newRoster('john'))
  await fresh.redis.zadd(fresh.keys.used, 1, jid, 1, john.jid)
  expect(await store.dropUnused(0, 0)).toBe(2)
  await untilMinuteIsYoung(fresh.redis)
  expect(await store.drop(user, await fresh.begin(user), GONE, CHANGE, LOCK)).toBe('ok')
  expect(await store.drop(john, await fresh.begin(john), GONE, CHANGE, LOCK)).toBe('tripped')
  expect(await store.isGone(john.jid)).toBe(false)
})

test('a user who comes back goes on with his counters', async () => {
  await drop(await fresh.begin(user))
  const fetch = await fresh.begin(user)
  expect(fetch).toMatchObject({ generation: 3, fence: 3, dropped: true })
  expect(await fresh.store.commit(user, fetch, newRoster('back'))).toBe('ok')
  expect(await fresh.store.read(jid)).toMatchObject({ version: 3, stale: false })
  expect(await state()).toMatchObject({ wanted: 3, fetched: 3 })
})
