import { expect, test } from 'vitest'
import { freshStoreOfFile, newRoster, testUser } from '../../../../test/support/fresh-store.ts'
import { redisNow } from '../redis-now.ts'

const fresh = freshStoreOfFile()
const john = testUser('john')
const marie = testUser('marie')

const lastAt = (score: string | null) => Number(score)

test('G1: each request of a user gets a higher generation', async () => {
  const first = await fresh.store.request(0, [john.jid, marie.jid], 'a')
  const second = await fresh.store.request(0, [marie.jid, john.jid], 'b')
  const third = await fresh.store.request(0, [john.jid], '')
  expect([first.at(0).generation, first.at(1).generation]).toEqual([1, 1])
  expect([second.at(0).generation, second.at(1).generation]).toEqual([2, 2])
  expect(third.at(0).generation).toBe(3)
})

test('a request says which version is stored, so that its caller can tell a change', async () => {
  expect((await fresh.store.request(0, [john.jid], '')).at(0).version).toBe(0)
  const fetch = await fresh.begin(john)
  await fresh.store.commit(john, fetch, newRoster('one'))
  expect((await fresh.store.request(0, [john.jid, marie.jid], '')).at(0).version).toBe(1)
})

test('G8: whoever is asked for is open from that moment on, by the time of the first request', async () => {
  await fresh.store.request(0, [john.jid], '')
  const since = lastAt(await fresh.redis.zscore(fresh.keys.open, john.jid))
  expect(Math.abs(since - (await redisNow(fresh.redis)))).toBeLessThan(60_000)
  await fresh.redis.zadd(fresh.keys.open, 7, john.jid)
  await fresh.store.request(0, [john.jid], '')
  expect(lastAt(await fresh.redis.zscore(fresh.keys.open, john.jid))).toBe(7)
})

test('a replica is noted with the highest generation it waits for, next to others', async () => {
  await fresh.store.request(0, [john.jid], 'a')
  await fresh.store.request(0, [john.jid], 'b')
  await fresh.store.request(0, [john.jid], '')
  await fresh.store.request(0, [john.jid], 'a')
  expect(await fresh.redis.hget(fresh.keys.user(john.jid), 'waiting')).toBe('b=2 a=4')
})

test('a request for which nobody waits notes nobody', async () => {
  await fresh.store.request(0, [john.jid], '')
  expect(await fresh.redis.hget(fresh.keys.user(john.jid), 'waiting')).toBeNull()
})

test('the epoch stays for as long as Redis keeps its data, and no longer', async () => {
  const { epoch } = await fresh.store.request(0, [john.jid], '')
  expect(epoch).not.toBe('')
  expect((await fresh.store.request(0, [marie.jid], '')).epoch).toBe(epoch)
  expect((await fresh.store.states(0, [john.jid])).epoch).toBe(epoch)
  await fresh.redis.flushdb()
  expect((await fresh.store.states(0, [john.jid])).epoch).toBe('')
  const after = await fresh.store.request(0, [john.jid], '')
  expect(after.epoch).not.toBe(epoch)
  expect(after.at(0).generation).toBe(1)
})

test('500 users are asked for in one call, each with his own generation', async () => {
  const users = Array.from({ length: 500 }, (_, i) => testUser(`user${i}`))
  const jids = users.map(({ jid }) => jid)
  await fresh.store.request(0, jids.slice(0, 100), 'a')
  const requested = await fresh.store.request(0, jids, 'a')
  expect(jids.map((_, i) => requested.at(i).generation)).toEqual(jids.map((_, i) => (i < 100 ? 2 : 1)))
  expect(await fresh.redis.zcard(fresh.keys.open)).toBe(500)
  const { states } = await fresh.store.states(0, jids)
  expect(states.map(({ wanted }) => wanted)).toEqual(jids.map((_, i) => (i < 100 ? 2 : 1)))
})

test.each(['12345', 'a#b', '__proto__', '*', '{x}', 'constructor', '日本', 'a?x=1', 'a%2fb'])(
  'a user may be called %s',
  async (username) => {
    const user = testUser(username)
    const fetch = await fresh.begin(user, 'a')
    expect(await fresh.store.commit(user, fetch, newRoster('one'))).toBe('ok')
    expect((await fresh.store.read(user.jid))?.body.toString()).toBe(newRoster('one').body)
    expect(await fresh.redis.zrange(fresh.keys.stored, '0', '-1')).toEqual([user.jid])
    expect(await fresh.redis.zrange(fresh.keys.open, '0', '-1')).toEqual([])
  },
)

test('a shard that does not exist is a mistake of ours', async () => {
  await expect(fresh.store.request(1, [john.jid], '')).rejects.toThrow('Shard 1 does not exist: SHARDS is 1')
})
