import { beforeEach, expect, test } from 'vitest'
import { freshStoreOfFile, MAX_STARTS, newRoster, testUser } from '../../../../test/support/fresh-store.ts'

const fresh = freshStoreOfFile()
const john = testUser('john')
const lock = { jobId: 'job', token: 'token' }
const down = { code: 'backend-unreachable', message: 'It refused the connection' } as const
const garbage = { code: 'roster-invalid', message: 'Not JSON' } as const

beforeEach(async () => {
  await fresh.redis.set(fresh.keys.jobLock(lock.jobId), lock.token)
})

test('a failure settles its generation and says why', async () => {
  const { heard } = await fresh.listen('a')
  const fetch = await fresh.begin(john, 'a')
  expect(await fresh.store.fail(john, fetch, down, lock)).toBe('ok')
  const state = { wanted: 1, fetched: 0, failed: 1, version: 0, ...down }
  const { epoch, states } = await fresh.store.states(0, [john.jid])
  expect(states).toEqual([state])
  expect(await heard()).toEqual([{ jid: john.jid, epoch, ...state }])
  expect(await fresh.redis.zcard(fresh.keys.open)).toBe(0)
})

test('G4: the last good roster stays, and is known to be stale', async () => {
  await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
  const before = await fresh.store.read(john.jid)
  await fresh.store.fail(john, await fresh.begin(john), garbage, lock)
  expect(await fresh.store.read(john.jid)).toEqual({ ...before, stale: true })
  expect(await fresh.redis.xlen(fresh.keys.changes)).toBe(1)
})

test.each([
  ['of another worker', 'another token'],
  ['that nobody holds', null],
])('a failure does not count without the lock: one %s', async (_, token) => {
  const { heard } = await fresh.listen('a')
  const fetch = await fresh.begin(john, 'a')
  if (token === null) await fresh.redis.del(fresh.keys.jobLock(lock.jobId))
  else await fresh.redis.set(fresh.keys.jobLock(lock.jobId), token)
  expect(await fresh.store.fail(john, fetch, down, lock)).toBe('lock-lost')
  expect((await fresh.store.states(0, [john.jid])).states).toMatchObject([{ wanted: 1, failed: 0, code: '' }])
  expect(await heard()).toEqual([])
  expect(await fresh.redis.zcard(fresh.keys.open)).toBe(1)
})

test('G1: a failure leaves what was asked for since open, and its waiter noted', async () => {
  const { heard } = await fresh.listen('b')
  const fetch = await fresh.begin(john, 'a')
  await fresh.store.request(0, [john.jid], 'b')
  await fresh.store.fail(john, fetch, down, lock)
  expect(await heard()).toMatchObject([{ wanted: 2, fetched: 0, failed: 1 }])
  expect(await fresh.redis.hget(fresh.keys.user(john.jid), 'waiting')).toBe('b=2')
  expect(await fresh.redis.zcard(fresh.keys.open)).toBe(1)
})

test('a failure of an earlier generation takes nothing from what a later fetch stored', async () => {
  const older = await fresh.begin(john, 'a')
  const newer = await fresh.begin(john, 'a')
  await fresh.store.commit(john, newer, newRoster('newer'))
  await fresh.store.fail(john, older, down, lock)
  expect((await fresh.store.states(0, [john.jid])).states).toMatchObject([{ wanted: 2, fetched: 2, failed: 1 }])
  expect(await fresh.store.read(john.jid)).toMatchObject({ stale: false })
})

test('the code is that of the latest generation that failed', async () => {
  const older = await fresh.begin(john, 'a')
  const newer = await fresh.begin(john, 'a')
  await fresh.store.fail(john, newer, garbage, lock)
  await fresh.store.fail(john, older, down, lock)
  expect((await fresh.store.states(0, [john.jid])).states).toMatchObject([{ failed: 2, ...garbage }])
})

test('a failure that comes after a loss of data is not one of the new data', async () => {
  const fetch = await fresh.begin(john)
  await fresh.redis.flushdb()
  expect(await fresh.store.fail(john, fetch, down, lock)).toBe('lock-lost')
  expect(await fresh.redis.exists(fresh.keys.user(john.jid))).toBe(0)
})

test('a failure after Redis lost its last second settles nothing that is still to be asked for', async () => {
  await fresh.store.request(0, [john.jid], '')
  const fetch = await fresh.begin(john)
  await fresh.redis.hset(fresh.keys.user(john.jid), { wanted: 1, fence: 0, nonce: '', starts: 0 }) // as before that begin
  expect(await fresh.store.fail(john, fetch, down, lock)).toBe('ok')
  const { generation } = (await fresh.store.request(0, [john.jid], '')).at(0)
  expect(generation).toBe(fetch.generation)
  expect((await fresh.store.states(0, [john.jid])).states).toMatchObject([{ wanted: 2, fetched: 0, failed: 1 }])
})

test('G4: a failure of a user without a roster makes none', async () => {
  await fresh.store.fail(john, await fresh.begin(john), down, lock)
  expect(await fresh.redis.exists(fresh.keys.roster(john.jid))).toBe(0)
})

test('the code is that of the last failure, whatever it was before', async () => {
  for (const failure of [down, garbage]) await fresh.store.fail(john, await fresh.begin(john), failure, lock)
  expect((await fresh.store.states(0, [john.jid])).states).toMatchObject([{ failed: 2, ...garbage }])
})

test('a roster is stale until a fetch for the last request went well', async () => {
  const isStale = async () => (await fresh.store.read(john.jid))?.stale
  await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
  await fresh.store.fail(john, await fresh.begin(john), down, lock)
  expect(await isStale()).toBe(true)
  const fetch = await fresh.begin(john)
  await fresh.store.request(0, [john.jid], '')
  await fresh.store.fail(john, { ...fetch, generation: fetch.generation + 1 }, down, lock)
  await fresh.store.commit(john, fetch, newRoster('two'))
  expect(await isStale()).toBe(true)
  await fresh.store.commit(john, await fresh.begin(john), newRoster('three'))
  expect(await isStale()).toBe(false)
})

test('the roster of a user who is given up is stale', async () => {
  await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
  for (let i = 0; i < MAX_STARTS; i++) await fresh.begin(john)
  expect(await fresh.store.begin(john)).toEqual({ kind: 'given-up' })
  expect(await fresh.store.read(john.jid)).toMatchObject({ stale: true })
})
