import type { BareJid, Domain, RefreshProgress } from '@rollcall/roster'
import { refreshId, refreshOwnerKey } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { freshRedisUrl } from '../../../test/support/fresh-redis.ts'
import { listingOf } from './refresh-index.ts'
import { type RefreshChunk, type RefreshHeader, type RefreshRecords, refreshRecords } from './refresh-records.ts'

let redis: Redis
let mine: RefreshRecords
let others: RefreshRecords
let third: RefreshRecords

beforeAll(async () => {
  redis = new Redis(await freshRedisUrl())
  const recordsOf = (replica: string) => refreshRecords({ redis, replica, ttlS: 60, index: { accepted: listingOf } })
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

test('a refresh that is listed is taken in, whenever the api that accepted it dies', async () => {
  const dying = diesAfterItsFirstTransaction()
  const records = refreshRecords({ redis: dying, replica: 'dying', ttlS: 60, index: { accepted: listingOf } })
  const { id } = await accepted(records)
  records.close()
  expect(await redis.zrange(listingOf(newHeader()).running, '0', '-1')).toEqual([id])
  await redis.del(refreshOwnerKey(id))
  expect(await others.orphans(0)).toEqual([id])
})

/** Nothing that it is asked for after that reaches Redis. */
function diesAfterItsFirstTransaction(): Redis {
  let isDead = false
  return new Proxy(redis, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      if (name !== 'multi') return (...args: unknown[]) => (isDead ? Promise.resolve(null) : value.apply(target, args))
      return () => {
        const multi = target.multi()
        const exec = multi.exec.bind(multi)
        multi.exec = () => {
          isDead = true
          return exec()
        }
        return multi
      }
    },
  })
}

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

const progressOf = ({ id, caller, domain, acceptedAt, total }: RefreshHeader, counts: Partial<RefreshProgress>) => ({
  ...{ id, caller, domain, acceptedAt, total, state: 'done' as const },
  ...{ updated: total, changed: 0, errors: 0, pending: 0, failures: [], ...counts },
})

test('the result of a large refresh that went well takes the place of the names', async () => {
  const header = { ...newHeader(), total: 101 }
  await mine.accept(header, chunks)
  const progress = progressOf(header, {})
  await mine.finish(header, { progress, failuresByCode: [] })
  expect(await others.result(header.id)).toEqual({ progress, failuresByCode: [] })
  expect(await others.chunk(header.id, 0)).toBeNull()
})

test.each([
  ['small', 2, 0],
  ['with errors', 101, 1],
])('the names of one are kept that was %s', async (_, total, errors) => {
  const header = { ...newHeader(), total }
  await mine.accept(header, chunks)
  await mine.finish(header, { progress: progressOf(header, { errors }), failuresByCode: [] })
  expect(await others.chunk(header.id, 1)).toEqual(chunks[1])
})

test('it is known when one was cancelled: the first time', async () => {
  const header = await accepted(mine)
  expect(await others.isCancelled(header.id)).toBe(false)
  await mine.cancel(header.id, '2026-01-01T00:00:01.000Z')
  await mine.cancel(header.id, '2026-01-01T00:00:02.000Z')
  expect(await others.isCancelled(header.id)).toBe(true)
  expect(await others.header(header.id)).toEqual({ ...header, cancelledAt: '2026-01-01T00:00:01.000Z' })
  await mine.finish(header, { progress: progressOf(header, {}), failuresByCode: [] })
  expect((await others.result(header.id))?.progress.cancelledAt).toBe('2026-01-01T00:00:01.000Z')
})

test('somebody may be taking it in until that is done', async () => {
  const { id } = await accepted(mine)
  expect(await others.isAccepting(id)).toBe(true)
  await mine.takenIn(id)
  expect(await others.isAccepting(id)).toBe(false)
})

test('everything about a refresh ends by itself', async () => {
  const { id } = await accepted(mine)
  const keys = (await redis.keys('*:record:*')).filter((key) => key.includes(id))
  expect(keys).toHaveLength(4)
  for (const key of keys) expect(await redis.ttl(key)).toBeGreaterThan(0)
})

async function accepted(records: RefreshRecords): Promise<RefreshHeader> {
  const header = newHeader()
  await records.accept(header, chunks)
  return header
}

test('G8: one whose api died is found behind whatever many that an api which lives has still to take in', async () => {
  await Promise.all(Array.from({ length: 150 }, () => accepted(mine)))
  const late = { ...newHeader(), acceptedAt: '2026-01-01T00:00:01.000Z' }
  await others.accept(late, chunks)
  others.abandon(late.id)
  await redis.del(refreshOwnerKey(late.id)) // as time does
  expect([...(await third.orphans(0)), ...(await third.orphans(0))]).toEqual([late.id])
  expect(await third.orphans(0)).toEqual([])
})
