import { expect, test } from 'vitest'
import { freshStoreOfFile, newRoster, testUser } from '../../../../test/support/fresh-store.ts'
import { newProcessId } from '../processes.ts'

const fresh = freshStoreOfFile()
const john = testUser('john')
const marie = testUser('marie')
const HOUR_MS = 3_600_000

const waiting = () => fresh.redis.hget(fresh.keys.user(john.jid), 'waiting')

test('G5: every replica that waits is told, and no other', async () => {
  const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((replica) => fresh.listen(replica)))
  await fresh.store.request(0, [john.jid], 'a')
  await fresh.store.request(0, [marie.jid], 'c')
  await fresh.store.commit(john, await fresh.begin(john, 'b'), newRoster('one'))
  expect(await a?.heard()).toHaveLength(1)
  expect(await b?.heard()).toEqual(await a?.heard())
  expect(await c?.heard()).toEqual([])
})

test('G5: a replica whose generation is not settled yet is told again', async () => {
  const { heard } = await fresh.listen('b')
  const fetch = await fresh.begin(john, 'a')
  await fresh.store.request(0, [john.jid], 'b')
  await fresh.store.commit(john, fetch, newRoster('one'))
  expect(await waiting()).toBe('b=2')
  await fresh.store.commit(john, await fresh.begin(john), newRoster('two'))
  expect(await waiting()).toBe('')
  expect(await heard()).toMatchObject([
    { fetched: 1, version: 1 },
    { fetched: 3, version: 2 },
  ])
})

test('who is asked for again and again is not open since the first time: each is answered', async () => {
  const { store, redis, keys } = fresh
  const fetch = await fresh.begin(john)
  await redis.zincrby(keys.open, -HOUR_MS, john.jid)
  await store.request(0, [john.jid], '')
  expect((await store.totals()).oldestOpenMs).toBeGreaterThanOrEqual(HOUR_MS)
  await store.commit(john, fetch, newRoster('one'))
  expect(await store.totals()).toMatchObject({ open: 1 })
  expect((await store.totals()).oldestOpenMs).toBeLessThan(HOUR_MS / 2)
})

test('a message is all that is known of a user, in the epoch that its generations belong to', async () => {
  const { heard } = await fresh.listen('a')
  const fetch = await fresh.begin(john, 'a')
  await fresh.store.commit(john, fetch, newRoster('one'))
  const { epoch, states } = await fresh.store.states(0, [john.jid])
  expect(await heard()).toEqual([{ jid: john.jid, epoch, ...states[0] }])
  expect(epoch).toBe((await fresh.store.request(0, [john.jid], '')).epoch)
})

test('nobody waits: nobody is told', async () => {
  const { heard } = await fresh.listen('')
  await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
  expect(await heard()).toEqual([])
})

test('states are given in the order asked for; of an unknown user all is nought', async () => {
  await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
  const nought = { wanted: 0, fetched: 0, failed: 0, version: 0, code: '', message: '' }
  const { states } = await fresh.store.states(0, [marie.jid, john.jid, marie.jid])
  expect(states).toEqual([nought, { ...nought, wanted: 1, fetched: 1, version: 1 }, nought])
  expect(await fresh.redis.exists(fresh.keys.user(marie.jid))).toBe(0)
})

test('nothing stored: nothing read', async () => {
  expect(await fresh.store.read(john.jid)).toBeNull()
  await fresh.begin(john)
  expect(await fresh.store.read(john.jid)).toBeNull()
})

test('the state of a user takes little memory, also while three replicas wait for him and after a failure', async () => {
  await fresh.redis.set(fresh.keys.jobLock('job'), 'token')
  for (const replica of [1, 2, 3].map(() => newProcessId('api'))) await fresh.store.request(0, [john.jid], replica)
  const fetch = await fresh.begin(john)
  const failure = { code: 'backend-unreachable', message: 'No answer from the backend (ECONNREFUSED)' } as const
  expect(await isCompact()).toBe(true)
  await fresh.store.fail(john, fetch, failure, { jobId: 'job', token: 'token' })
  expect(await isCompact()).toBe(true)
})

/** A listpack (a ziplist before Redis 7), in one piece of memory, and no table of fields. */
const isCompact = async () => (await fresh.redis.object('ENCODING', fresh.keys.user(john.jid))) !== 'hashtable'
