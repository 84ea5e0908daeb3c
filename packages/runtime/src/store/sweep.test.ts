import { expect, test } from 'vitest'
import { freshStoreOfFile, newRoster, testUser } from '../../../../test/support/fresh-store.ts'

const fresh = freshStoreOfFile()
const users = ['a', 'b', 'c', 'd', 'e'].map(testUser)
const jids = users.map(({ jid }) => jid)
const HOUR_MS = 3_600_000

/** As if users had been asked for in this order, hours ago. */
const longOpen = (someone: readonly string[]) =>
  Promise.all(someone.map((jid, i) => fresh.redis.zadd(fresh.keys.open, i + 1, jid)))

test('G8: finds who has been open for longer than the grace period, and nobody else', async () => {
  await fresh.store.request(0, jids, '')
  await longOpen(jids.slice(0, 2))
  expect(await fresh.store.sweep(0, HOUR_MS, 0, 100)).toEqual(jids.slice(0, 2))
})

test('does not find who has settled', async () => {
  const [a, b] = users
  if (!a || !b) throw new Error('No users')
  const fetch = await fresh.begin(a)
  await fresh.begin(b)
  await longOpen([a.jid, b.jid])
  await fresh.store.commit(a, fetch, newRoster('one'))
  expect(await fresh.store.sweep(0, HOUR_MS, 0, 100)).toEqual([b.jid])
})

test('lets one process through per interval', async () => {
  await longOpen(jids)
  expect(await fresh.store.sweep(0, 0, HOUR_MS, 100)).toHaveLength(5)
  expect(await fresh.store.sweep(0, 0, HOUR_MS, 100)).toEqual([])
  await fresh.redis.hset(fresh.keys.sweep, 'at', 1)
  expect(await fresh.store.sweep(0, 0, HOUR_MS, 100)).toHaveLength(5)
})

test('goes on where it stopped, so that many who merely wait hide nobody', async () => {
  await longOpen(jids)
  const rounds = []
  for (let i = 0; i < 4; i++) rounds.push(await fresh.store.sweep(0, 0, 0, 2))
  expect(rounds).toEqual([jids.slice(0, 2), jids.slice(2, 4), jids.slice(4), jids.slice(0, 2)])
})

test('finds nobody when nobody is open', async () => {
  expect(await fresh.store.sweep(0, 0, 0, 100)).toEqual([])
})
