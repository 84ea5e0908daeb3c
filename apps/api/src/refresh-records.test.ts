import type { BareJid, Domain } from '@rollcall/roster'
import { refreshId, refreshOwnerKey } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { freshRedisUrl } from '../../../test/support/fresh-redis.ts'
import { type RefreshChunk, type RefreshHeader, type RefreshRecords, refreshRecords } from './refresh-records.ts'

let redis: Redis
let mine: RefreshRecords
let others: RefreshRecords
let third: RefreshRecords

beforeAll(async () => {
  redis = new Redis(await freshRedisUrl())
  const recordsOf = (replica: string) => refreshRecords({ redis, replica, ttlS: 60 })
  mine = recordsOf('mine')
  others = recordsOf('others')
  third = recordsOf('third')
})

beforeEach(() => redis.flushdb())

afterAll(() => {
  for (const records of [mine, others, third]) records.close()
  redis.disconnect()
})

const chunks: readonly RefreshChunk[] = [
  { shard: 0, users: ['john@example.org' as BareJid] },
  { shard: 0, users: ['mary@example.org' as BareJid] },
]

const newHeader = (): RefreshHeader => ({
  id: refreshId(0),
  caller: 'app',
  domain: 'example.org' as Domain,
  acceptedAt: '2026-01-01T00:00:00.000Z',
  total: 2,
  unusable: { count: 0, failures: [] },
  chunks: chunks.length,
})

test('what is written down can be read by any api', async () => {
  const header = newHeader()
  await mine.accept(header, chunks)
  expect(await others.header(header.id)).toEqual(header)
  expect(await others.chunk(header.id, 1)).toEqual(chunks[1])
  expect(await others.chunk(header.id, 2)).toBeNull()
  expect(await others.result(header.id)).toBeNull()
})

test('a refresh is nobody else to go on with while its api lives', async () => {
  await mine.accept(newHeader(), chunks)
  expect(await others.orphans(0)).toEqual([])
  expect(await mine.orphans(0)).toEqual([])
})

test('one whose api is silent is given to one other api only', async () => {
  const { id } = await accepted(mine)
  await redis.del(refreshOwnerKey(id))
  const given = await Promise.all([others.orphans(0), third.orphans(0)])
  expect(given.flat()).toEqual([id])
})

test('an api that has given one up may be the one to go on with it', async () => {
  const { id } = await accepted(mine)
  mine.abandon(id)
  expect(await mine.orphans(0)).toEqual([])
  await redis.del(refreshOwnerKey(id))
  expect(await mine.orphans(0)).toEqual([id])
})

test('one that has been taken in is nobody to go on with any more', async () => {
  const { id } = await accepted(mine)
  await mine.takenIn(id)
  expect(await others.orphans(0)).toEqual([])
  expect(await redis.exists(refreshOwnerKey(id))).toBe(0)
})

test('the result takes the place of the names', async () => {
  const header = await accepted(mine)
  const { id, caller, domain, acceptedAt, total } = header
  const result = { id, caller, domain, acceptedAt, total, updated: 2, changed: 0, errors: 0, pending: 0, failures: [] }
  await mine.finish(header, { ...result, state: 'done' })
  expect(await others.result(id)).toEqual({ ...result, state: 'done' })
  expect(await others.chunk(id, 0)).toBeNull()
})

test('everything about a refresh ends by itself', async () => {
  const { id } = await accepted(mine)
  const keys = (await redis.keys('*')).filter((key) => key.includes(id))
  expect(keys).toHaveLength(4)
  for (const key of keys) expect(await redis.ttl(key)).toBeGreaterThan(0)
})

async function accepted(records: RefreshRecords): Promise<RefreshHeader> {
  const header = newHeader()
  await records.accept(header, chunks)
  return header
}
