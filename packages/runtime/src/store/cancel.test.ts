import type { User } from '@rollcall/roster'
import { beforeEach, expect, test } from 'vitest'
import { freshStoreOfFile, newRoster, REPAIR_MAX_MS, testUser } from '../../../../test/support/fresh-store.ts'

const fresh = freshStoreOfFile()
const john = testUser('john')
const marie = testUser('marie')
const lock = { jobId: 'job', token: 'token' }
const CANCELLED = { code: 'refresh-cancelled', message: 'cancelled' } as const

beforeEach(async () => {
  await fresh.redis.set(fresh.keys.jobLock(lock.jobId), lock.token)
})

async function ask(users: readonly User[], replica = '') {
  const requested = await fresh.store.request(
    0,
    users.map(({ jid }) => jid),
    replica,
  )
  return { epoch: requested.epoch, generations: users.map((_, i) => requested.at(i).generation) }
}
const cancel = (users: readonly User[], asked: Awaited<ReturnType<typeof ask>>) =>
  fresh.store.cancel(
    0,
    users.map(({ jid }) => jid),
    asked,
    CANCELLED,
  )
const stateOf = async ({ jid }: User) => (await fresh.store.states(0, [jid])).states[0]
const groups = async () => (await fresh.store.failureParts()).map(({ name }) => name)

test('who waits to be fetched settles as failed, is open no more, and is told', async () => {
  const { heard } = await fresh.listen('a')
  const asked = await ask([john, marie], 'a')
  expect(await cancel([john, marie], asked)).toEqual({ cancelled: 2, closed: [john.jid, marie.jid] })
  expect(await stateOf(john)).toMatchObject({ wanted: 1, fetched: 0, failed: 1, ...CANCELLED })
  expect(await heard()).toMatchObject([
    { jid: john.jid, failed: 1, ...CANCELLED },
    { jid: marie.jid, failed: 1 },
  ])
  expect(await fresh.redis.zcard(fresh.keys.open)).toBe(0)
  expect(await groups()).toEqual(['refresh-cancelled:example.org'])
})

test('nobody stays stale: who was cancelled is repaired, as seldom as any', async () => {
  await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
  await cancel([john], await ask([john]))
  expect(await fresh.store.read(john.jid)).toMatchObject({ stale: false }) // no fetch of it failed
  const due = Number(await fresh.redis.zscore(fresh.keys.failed, john.jid)) - Date.now()
  expect(due).toBeGreaterThan(REPAIR_MAX_MS / 2)
  await fresh.redis.zadd(fresh.keys.failed, 1, john.jid)
  expect(await fresh.store.repair(0)).toEqual([john.jid])
  const fetch = await fresh.store.begin(john)
  expect(fetch.kind).toBe('begun')
})

test('who has settled keeps the answer', async () => {
  const asked = await ask([john, marie])
  const fetch = await fresh.store.begin(john)
  if (fetch.kind === 'begun') await fresh.store.commit(john, fetch, newRoster('one'))
  const failing = await fresh.store.begin(marie)
  const garbage = { code: 'roster-invalid', message: 'Not JSON' } as const
  if (failing.kind === 'begun') await fresh.store.fail(marie, failing, garbage, lock)
  expect(await cancel([john, marie], asked)).toEqual({ cancelled: 0, closed: [] })
  expect(await stateOf(john)).toMatchObject({ fetched: 1, failed: 0 })
  expect(await stateOf(marie)).toMatchObject(garbage)
})

test('who is asked for by a later refresh stays open for it', async () => {
  const { heard } = await fresh.listen('b')
  const asked = await ask([john])
  await ask([john], 'b')
  expect(await cancel([john], asked)).toEqual({ cancelled: 1, closed: [] })
  expect(await stateOf(john)).toMatchObject({ wanted: 2, failed: 1 })
  expect(await fresh.redis.zrange(fresh.keys.open, '0', '-1')).toEqual([john.jid])
  expect(await fresh.redis.hget(fresh.keys.user(john.jid), 'waiting')).toBe('b=2')
  expect(await heard()).toMatchObject([{ failed: 1 }])
})

test('an earlier refresh is not cancelled with a later one: its fetch answers both', async () => {
  await ask([john])
  const later = await ask([john])
  expect(await cancel([john], later)).toEqual({ cancelled: 0, closed: [] })
  const fetch = await fresh.store.begin(john)
  if (fetch.kind === 'begun') await fresh.store.commit(john, fetch, newRoster('one'))
  expect(await stateOf(john)).toMatchObject({ fetched: 2, failed: 0 })
})

test('a fetch that runs takes it back', async () => {
  const asked = await ask([john])
  const fetch = await fresh.store.begin(john)
  await cancel([john], asked)
  if (fetch.kind === 'begun') expect(await fresh.store.commit(john, fetch, newRoster('one'))).toBe('ok')
  expect(await fresh.store.read(john.jid)).toMatchObject({ stale: false })
  expect(await groups()).toEqual([])
  expect(await fresh.redis.zcard(fresh.keys.failed)).toBe(0)
})

test('a generation of a Redis that has lost its data is nobody to cancel', async () => {
  const asked = await ask([john])
  await fresh.redis.flushdb()
  await ask([john])
  expect(await cancel([john], asked)).toEqual({ cancelled: 0, closed: [] })
  expect(await stateOf(john)).toMatchObject({ wanted: 1, failed: 0 })
})

test('who failed for another reason before is in the group of those who were cancelled', async () => {
  const failure = { code: 'backend-timeout', message: '' } as const
  await fresh.store.fail(john, await fresh.begin(john), failure, lock)
  await cancel([john], await ask([john]))
  expect(await groups()).toEqual(['refresh-cancelled:example.org'])
})
