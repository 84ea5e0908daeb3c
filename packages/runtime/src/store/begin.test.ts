import { expect, test } from 'vitest'
import { freshStoreOfFile, MAX_STARTS, newRoster, testUser } from '../../../../test/support/fresh-store.ts'

const fresh = freshStoreOfFile()
const john = testUser('john')
const HOUR_MS = 3_600_000

test('a fetch begins with the generation that is wanted then', async () => {
  await fresh.store.request(0, [john.jid], '')
  await fresh.store.request(0, [john.jid], '')
  expect(await fresh.store.begin(john)).toEqual({
    kind: 'begun',
    generation: 2,
    fence: 1,
    nonce: expect.stringMatching(/^[\da-f-]{36}$/),
    source: {},
    askedAt: expect.any(Number),
  })
})

test('a fetch knows for how long its user has been asked for, if at all', async () => {
  const { store, redis, keys } = fresh
  await store.request(0, [john.jid], '')
  await redis.zincrby(keys.open, -HOUR_MS, john.jid)
  await store.request(0, [john.jid], '') // the one that came first counts
  const first = await store.begin(john)
  if (first.kind !== 'begun') throw new Error(first.kind)
  const waitedMs = performance.now() - (first.askedAt ?? Number.NaN)
  expect(waitedMs).toBeGreaterThanOrEqual(HOUR_MS)
  expect(waitedMs).toBeLessThan(1.1 * HOUR_MS)
  await redis.set(keys.jobLock('job'), 'token')
  const failure = { code: 'backend-status', message: 'It said 500' } as const
  await store.fail(john, first, failure, { jobId: 'job', token: 'token' })
  expect(await store.begin(john)).not.toHaveProperty('askedAt') // a repair, for which nobody waits
})

test('G2: each fetch that begins has a higher fence and a nonce of its own', async () => {
  const first = await fresh.begin(john)
  const second = await fresh.begin(john)
  expect([first.fence, second.fence]).toEqual([1, 2])
  expect(second.nonce).not.toBe(first.nonce)
})

test('nobody is fetched whom nobody asked for, or who has been fetched since', async () => {
  expect(await fresh.store.begin(john)).toEqual({ kind: 'nothing-to-do' })
  expect(await fresh.redis.exists(fresh.keys.user(john.jid))).toBe(0)
  await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
  expect(await fresh.store.begin(john)).toEqual({ kind: 'nothing-to-do' })
})

test('a user whose last fetch failed is fetched when a job is there for him', async () => {
  const fetch = await fresh.begin(john)
  await fresh.redis.set(fresh.keys.jobLock('job'), 'token')
  const failure = { code: 'backend-status', message: 'It said 500' } as const
  await fresh.store.fail(john, fetch, failure, { jobId: 'job', token: 'token' })
  expect(await fresh.store.begin(john)).toMatchObject({ kind: 'begun', generation: 1, fence: 2 })
})

test('a fetch learns what the backend said of the stored roster', async () => {
  await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
  const { source, etag } = await fresh.begin(john)
  expect({ source, etag }).toEqual({ source: newRoster('one').source, etag: newRoster('one').etag })
})

test('without a stored body there is nothing to compare with', async () => {
  await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
  await fresh.redis.del(fresh.keys.roster(john.jid))
  const { source, etag } = await fresh.begin(john)
  expect({ source, etag }).toEqual({ source: {}, etag: undefined })
})

test('G7: a user whose fetches kill their workers is given up, and whoever waits is told', async () => {
  const { heard } = await fresh.listen('a')
  await fresh.store.request(0, [john.jid], 'a')
  for (let i = 0; i < MAX_STARTS; i++) expect((await fresh.store.begin(john)).kind).toBe('begun')
  expect(await heard()).toEqual([])
  expect(await fresh.store.begin(john)).toEqual({ kind: 'given-up' })
  expect(await heard()).toMatchObject([{ jid: john.jid, wanted: 1, fetched: 0, failed: 1, code: 'worker-crashed' }])
  expect(await fresh.redis.zcard(fresh.keys.open)).toBe(0)
})

test('after being given up, a user has all his starts again', async () => {
  await fresh.store.request(0, [john.jid], '')
  for (let i = 0; i <= MAX_STARTS; i++) await fresh.store.begin(john)
  for (let i = 0; i < MAX_STARTS; i++) expect((await fresh.begin(john)).kind).toBe('begun')
})

test.each(['commit', 'confirm', 'fail', 'release'] as const)(
  'a %s is the end of a fetch: it is not held against the user',
  async (end) => {
    const lock = { jobId: 'job', token: 'token' }
    await fresh.redis.set(fresh.keys.jobLock(lock.jobId), lock.token)
    for (let i = 0; i < 3 * MAX_STARTS; i++) {
      const fetch = await fresh.begin(john)
      if (end === 'commit') await fresh.store.commit(john, fetch, newRoster(`${i}`))
      if (end === 'confirm') await fresh.store.confirm(john, fetch, {})
      if (end === 'fail') await fresh.store.fail(john, fetch, { code: 'backend-status', message: '' }, lock)
      if (end === 'release') await fresh.store.release(john, fetch)
    }
  },
)

test('a release of an older fetch says nothing of the newer one', async () => {
  const older = await fresh.begin(john)
  const newer = await fresh.begin(john)
  await fresh.store.release(john, older)
  expect(await fresh.redis.hget(fresh.keys.user(john.jid), 'starts')).toBe('2')
  await fresh.store.release(john, { ...newer, nonce: 'of a Redis that lost its data' })
  expect(await fresh.redis.hget(fresh.keys.user(john.jid), 'starts')).toBe('2')
  await fresh.store.release(john, newer)
  expect(await fresh.redis.hget(fresh.keys.user(john.jid), 'starts')).toBe('0')
})
