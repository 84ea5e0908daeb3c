import type { Domain } from '@rollcall/roster'
import { CALLERS_KEY, createLog, refreshId, shardKeys } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { freshRedisUrl } from '../../../test/support/fresh-redis.ts'
import { type RefreshIndex, refreshIndex } from './refresh-index.ts'
import { type RefreshHeader, type RefreshRecords, refreshRecords } from './refresh-records.ts'

let redis: Redis
let index: RefreshIndex
let records: RefreshRecords

beforeAll(async () => {
  redis = new Redis(await freshRedisUrl())
  const log = createLog({ level: 'silent', name: 'test' })
  index = refreshIndex({ redis, shards: 2, ttlS: 60, log })
  records = refreshRecords({ redis, replica: 'mine', ttlS: 60, index })
})
beforeEach(() => redis.flushdb())
afterAll(() => {
  index.close()
  records.close()
  redis.disconnect()
})

const newHeader = (shard: number, more: Partial<RefreshHeader> = {}): RefreshHeader => ({
  id: refreshId(shard),
  caller: 'app',
  domain: 'example.org' as Domain,
  acceptedAt: new Date().toISOString(),
  total: 2,
  unusable: { count: 0, failures: [] },
  chunks: 0,
  ...more,
})
const secondsAgo = (s: number) => new Date(Date.now() - s * 1000).toISOString()
const newestIds = async (isRunning: boolean, most = 10) =>
  (await index.newest(isRunning, null, most)).map(({ member }) => member)
const finish = ({ id, caller, domain, acceptedAt, total, ...header }: RefreshHeader) => {
  const progress = { id, caller, domain, acceptedAt, total, state: 'done', updated: total, changed: 1 } as const
  const more = { errors: 0, pending: 0, failures: [] }
  return records.finish(
    { id, caller, domain, acceptedAt, total, ...header },
    { progress: { ...progress, ...more }, failuresByCode: [] },
  )
}

test('all refreshes are listed, large or small, of all shards, the newest first', async () => {
  const headers = [
    newHeader(0, { acceptedAt: secondsAgo(1) }),
    newHeader(1, { acceptedAt: secondsAgo(2), total: 101 }),
    newHeader(0, { acceptedAt: secondsAgo(3), total: 100_000 }),
  ]
  for (const header of headers) await records.accept(header, [])
  const ids = headers.map(({ id }) => id)
  expect(await newestIds(false)).toEqual(ids)
  expect(await newestIds(true)).toEqual(ids)
  const [first] = await index.newest(false, null, 1)
  expect((await index.newest(false, first ?? null, 1)).map(({ member }) => member)).toEqual(ids.slice(1, 2))
})

test('one that is done is not running any more, and its row says how it went', async () => {
  const header = newHeader(1)
  await records.accept(header, [])
  const { id } = header
  const accepted = { id, caller: 'app', domain: 'example.org', state: 'running', pending: 2 }
  expect(await index.rows([id, refreshId(0)])).toMatchObject([{ kind: 'running', accepted }, null])
  await finish(header)
  expect(await newestIds(true)).toEqual([])
  expect(await index.rows([id])).toMatchObject([{ kind: 'row', row: { id, state: 'done', updated: 2 } }])
})

test('the list is bounded, and small refreshes do not displace a large one', async () => {
  const { smallRefreshes, runningRefreshes } = shardKeys(0)
  const made = Array.from({ length: 10_500 }, (_, i) => [Date.now() - 10_000 + i / 2, `made-up-${i}`]).flat()
  for (const key of [smallRefreshes, runningRefreshes]) await redis.zadd(key, ...made)
  const large = newHeader(0, { acceptedAt: secondsAgo(30), total: 101 })
  await records.accept(large, [])
  await records.accept(newHeader(0), [])
  await expect.poll(() => redis.zcard(smallRefreshes)).toBe(10_000)
  await expect.poll(() => redis.zcard(runningRefreshes)).toBe(10_000)
  expect(await redis.zrange(shardKeys(0).refreshes, '0', '-1')).toEqual([large.id])
})

test('what is no longer known is no longer listed', async () => {
  await redis.zadd(shardKeys(0).smallRefreshes, Date.now() - 61_000, 'old')
  const header = newHeader(0)
  await records.accept(header, [])
  await expect.poll(() => newestIds(false)).toEqual([header.id])
})

test('who has asked is told to those who may look at the domain', async () => {
  await records.accept(newHeader(0, { caller: 'contacts' }), [])
  await records.accept(newHeader(1, { caller: 'contacts', domain: 'other.example' as Domain }), [])
  await records.accept(newHeader(1, { caller: 'app', domain: 'other.example' as Domain }), [])
  await expect.poll(() => redis.zcard(CALLERS_KEY)).toBe(3)
  expect(await index.callers(() => true)).toEqual(['app', 'contacts'])
  expect(await index.callers((domain) => domain === 'example.org')).toEqual(['contacts'])
})
