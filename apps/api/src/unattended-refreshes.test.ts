import type { BareJid, Domain } from '@rollcall/roster'
import { createLog, refreshOwnerKey } from '@rollcall/runtime'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { freshStoreOfFile } from '../../../test/support/fresh-store.ts'
import { intake } from './intake.ts'
import { listingOf } from './refresh-index.ts'
import { type RefreshRecords, refreshRecords } from './refresh-records.ts'
import { startResuming } from './resume-refreshes.ts'
import { type UnattendedDeps, type UnattendedRefreshes, unattendedRefreshes } from './unattended-refreshes.ts'

const fresh = freshStoreOfFile()
let records: RefreshRecords
let others: RefreshRecords
let queued: BareJid[]
let isFull: boolean
let deps: UnattendedDeps
let unattended: UnattendedRefreshes

const domain = 'example.org' as Domain
const jids = (n: number) => Array.from({ length: n }, (_, i) => `user-${i}@example.org` as BareJid)

beforeAll(async () => {
  const recordsOf = (replica: string) =>
    refreshRecords({ redis: fresh.redis, replica, ttlS: 60, index: { accepted: listingOf } })
  records = recordsOf('mine')
  others = recordsOf('others')
})
beforeEach(async () => {
  queued = []
  isFull = false
  deps = {
    store: fresh.store,
    queue: { enqueue: async (users: readonly BareJid[]) => void queued.push(...users) },
    intake: intake(),
    openUsers: {
      refusalOfRefresh: async () => (isFull ? { status: 503, message: '' } : null),
      takingIn: () => () => {},
    },
    records,
    shards: 1,
    replica: 'mine',
    defaultDomain: domain,
    smallRefresh: 10,
    maxUsernames: 1000,
    log: createLog({ level: 'silent', name: 'test' }),
  } as unknown as UnattendedDeps
  unattended = unattendedRefreshes(deps)
})
afterAll(() => {
  for (const one of [records, others]) one.close()
})

async function* pagesOf(users: readonly BareJid[], size: number): AsyncGenerator<BareJid[]> {
  for (let i = 0; i < users.length; i += size) yield users.slice(i, i + size)
}
const refresh = (pages: AsyncIterable<BareJid[]>, onAccepted?: (users: number) => void) =>
  unattended.refresh('on-call', [[domain, pages]], onAccepted)
const isTakenIn = async (ids: readonly string[]) =>
  (await Promise.all(ids.map((id) => records.isAccepting(id)))).every((accepting) => !accepting)

test('more users than one refresh may have are several refreshes, and all of them are asked for', async () => {
  const { users, refreshes } = await refresh(pagesOf(jids(2300), 300))
  expect(users).toBe(2300)
  const headers = await Promise.all(refreshes.map((id) => records.header(id)))
  expect(headers).toMatchObject([1000, 1000, 300].map((total) => ({ total, caller: 'on-call', domain })))
  await expect.poll(() => isTakenIn(refreshes)).toBe(true)
  expect(queued.toSorted()).toEqual(jids(2300).toSorted())
  expect(await fresh.redis.zcard(fresh.keys.open)).toBe(2300)
})

test('who is named twice is asked for once', async () => {
  const { users } = await refresh(pagesOf([...jids(20), ...jids(30)], 7))
  expect(users).toBe(30)
})

test('nobody: no refresh', async () => {
  expect(await refresh(pagesOf([], 1))).toEqual({ users: 0, refreshes: [] })
})

test('while too many users wait, nobody is asked for, and all are when there is room', async () => {
  isFull = true
  const { refreshes } = await refresh(pagesOf(jids(50), 50))
  expect(await isTakenIn(refreshes)).toBe(false)
  expect(queued).toEqual([])
  isFull = false
  await expect.poll(() => isTakenIn(refreshes)).toBe(true)
  expect(queued).toHaveLength(50)
})

test('G8: what this api has not taken in when it ends, another one does', async () => {
  isFull = true
  const { refreshes } = await refresh(pagesOf(jids(2300), 100))
  unattended.close()
  const taken: string[] = []
  const takeOver = async () => taken.push(...(await others.orphans(0)))
  await expect.poll(takeOver, { interval: 250 }).toBe(refreshes.length)
  expect(taken.toSorted()).toEqual(refreshes.toSorted())
})

test('and that one, too, asks for nobody while too many users wait', async () => {
  isFull = true
  let looks = 0
  const openUsers = {
    refusalOfRefresh: async () => {
      looks++
      return isFull ? { status: 503, message: '' } : null
    },
    takingIn: () => () => {},
  }
  const { refreshes } = await refresh(pagesOf(jids(1500), 500))
  unattended.close()
  onTestFinished(startResuming({ ...deps, records: others, openUsers } as unknown as UnattendedDeps))
  const leases = refreshes.map(refreshOwnerKey)
  const looksOn = async () => {
    await fresh.redis.del(leases) // as time does
    return looks
  }
  await expect.poll(looksOn).toBeGreaterThan(2)
  expect(queued).toEqual([])
  isFull = false
  await fresh.redis.del(leases)
  await expect.poll(() => isTakenIn(refreshes)).toBe(true)
  expect(queued).toHaveLength(1500)
})

test('what was written down before the users could not be read any more is asked for', async () => {
  async function* broken(): AsyncGenerator<BareJid[]> {
    yield jids(1000)
    throw new Error('Redis is away')
  }
  const accepted: number[] = []
  await expect(refresh(broken(), (users) => accepted.push(users))).rejects.toThrow('Redis is away')
  expect(accepted).toEqual([1000])
  await expect.poll(() => queued.length).toBe(1000)
})

test.each([
  ['this api', () => records],
  ['another api', () => others],
])('a refresh that waits for others of this api is over soon after %s cancels it', async (_who, of) => {
  isFull = true
  const { refreshes } = await refresh(pagesOf(jids(3000), 1000))
  const [, second = '', third = ''] = refreshes
  await of().cancel(second, new Date().toISOString())
  await expect.poll(() => isTakenIn([second])).toBe(true)
  expect(await isTakenIn([third])).toBe(false)
  isFull = false
  await expect.poll(() => isTakenIn(refreshes)).toBe(true)
  expect(queued).toHaveLength(2000)
})
