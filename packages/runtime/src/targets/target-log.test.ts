import type { BareJid } from '@rollcall/roster'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freshRedisUrl } from '../../../../test/support/fresh-redis.ts'
import { deliveryKeys, shardKeys } from '../keys.ts'
import type { Position } from './position.ts'
import { targetLog } from './target-log.ts'

let redis: Redis
beforeEach(async () => {
  redis = new Redis(await freshRedisUrl())
})
afterEach(() => redis.disconnect())

const john = 'john@example.org' as BareJid
const aaron = 'aaron@example.org' as BareJid
const logOf = (shard: number, target = 'hook') => targetLog({ redis, target, shard })

/** Writes entries of these ids into the log of a shard. */
async function write(shard: number, ...ids: string[]): Promise<void> {
  for (const id of ids) await redis.xadd(shardKeys(shard).changes, id, 'user', john, 'version', '1', 'diff', '{}')
}
const epochIs = (shard: number, epoch: string) => redis.set(shardKeys(shard).epoch, epoch)
const follow = async (position: Position | null, most = 100, shard = 0) => {
  const { kind, position: from, entries } = await logOf(shard).follow(position, most)
  return { kind, from: `${from.epoch} ${from.id}`, ids: entries.map(({ id }) => id) }
}
const at = (id: string, epoch = 'e'): Position => ({ epoch, id })

describe('what a target has not been told of', () => {
  beforeEach(() => epochIs(0, 'e'))

  test('next: the entries after its position, in order, so many at most', async () => {
    await write(0, '1-0', '1-1', '2-0', '10-0')
    expect(await follow(at('1-0'))).toEqual({ kind: 'next', from: 'e 1-0', ids: ['1-1', '2-0', '10-0'] })
    expect(await follow(at('1-1'), 1)).toEqual({ kind: 'next', from: 'e 1-1', ids: ['2-0'] })
    expect(await follow(at('10-0'))).toEqual({ kind: 'next', from: 'e 10-0', ids: [] })
    const [entry] = (await logOf(0).follow(at('2-0'), 1)).entries
    expect(entry).toEqual({ id: '10-0', user: john, version: '1', diff: '{}' })
  })

  test('new: who has no position begins behind the last entry', async () => {
    expect(await follow(null)).toEqual({ kind: 'new', from: 'e 0-0', ids: [] })
    await write(0, '1-0', '2-0')
    expect(await follow(null)).toEqual({ kind: 'new', from: 'e 2-0', ids: [] })
  })

  test('reset: another log begins at its beginning, where nothing of it was trimmed', async () => {
    await write(0, '1-0', '2-0')
    expect(await follow(at('9-0', 'before'))).toEqual({ kind: 'reset', from: 'e 0-0', ids: ['1-0', '2-0'] })
    await redis.xtrim(shardKeys(0).changes, 'MAXLEN', 1)
    expect(await follow(at('9-0', 'before'))).toEqual({ kind: 'gap', from: 'e 2-0', ids: [] })
  })

  test('gap: something after the position was trimmed', async () => {
    await write(0, '1-0', '2-0', '3-0')
    await redis.xtrim(shardKeys(0).changes, 'MAXLEN', 1)
    expect(await follow(at('1-0'))).toEqual({ kind: 'gap', from: 'e 3-0', ids: [] })
    expect(await follow(at('3-0'))).toEqual({ kind: 'next', from: 'e 3-0', ids: [] })
    await redis.xtrim(shardKeys(0).changes, 'MAXLEN', 0)
    expect(await follow(at('3-0'))).toEqual({ kind: 'next', from: 'e 3-0', ids: [] })
    expect(await follow(at('2-0'))).toEqual({ kind: 'gap', from: 'e 3-0', ids: [] })
  })

  test('no gap: the log has never had an entry before its first one', async () => {
    await write(0, '5-0')
    expect(await follow(at('0-0'))).toEqual({ kind: 'next', from: 'e 0-0', ids: ['5-0'] })
  })

  test('gap: the log ends before the position, since a fail-over lost what came last', async () => {
    await write(0, '1-0', '2-0')
    expect(await follow(at('3-0'))).toEqual({ kind: 'gap', from: 'e 2-0', ids: [] })
    await write(0, '2-1')
    expect(await follow(at('2-0'))).toEqual({ kind: 'next', from: 'e 2-0', ids: ['2-1'] })
  })

  test('no log yet: no epoch, and nothing', async () => {
    await redis.del(shardKeys(0).epoch)
    expect(await follow(null)).toEqual({ kind: 'new', from: ' 0-0', ids: [] })
  })

  test('of one shard is nothing of another one', async () => {
    await epochIs(1, 'of-1')
    await write(0, '1-0')
    await write(1, '7-0')
    expect(await follow(null, 100, 1)).toEqual({ kind: 'new', from: 'of-1 7-0', ids: [] })
    expect(await follow(at('0-0', 'of-1'), 100, 1)).toEqual({ kind: 'next', from: 'of-1 0-0', ids: ['7-0'] })
    await logOf(1).writePosition(at('7-0', 'of-1'))
    expect((await logOf(1).delivery()).position).toEqual(at('7-0', 'of-1'))
    expect((await logOf(0).delivery()).position).toBe(null)
    expect((await logOf(1, 'other').delivery()).position).toBe(null)
  })
})

test('who is asked for is given once, to one caller', async () => {
  const request = { id: 'r', user: john, dryRun: true }
  await logOf(0).ask([request, { ...request, user: aaron }])
  const given = await Promise.all([1, 2, 3].map(() => logOf(0).follow(null, 1)))
  expect(given.flatMap(({ asked }) => asked)).toEqual([request, { ...request, user: aaron }])
  await logOf(0).answer(request, '"done"')
  expect(await logOf(0).answers('r')).toEqual({ [john]: '"done"' })
})

test('who is owed is given when he is due, again later, and never once he is settled', async () => {
  const { owed } = deliveryKeys(0, 'hook')
  const given = async () => (await logOf(0).follow(null, 1)).owed
  await logOf(0).owe(john, Date.now())
  expect(await given()).toEqual([])
  await redis.zadd(owed, 1, john)
  expect(await given()).toEqual([john])
  expect(await given()).toEqual([]) // whoever took him has the time to bring him
  expect(Number(await redis.zscore(owed, john))).toBeGreaterThan(Date.now() + 60_000)
  await redis.zadd(owed, 1, john)
  expect(await given()).toEqual([john])
  expect(await logOf(0).countOwed()).toBe(1)
  await logOf(0).settle(john)
  expect(await logOf(0).countOwed()).toBe(0)
})

describe('the lease', () => {
  test('is held by one, as long as he keeps it', async () => {
    const [ours, ofOther] = [logOf(0), logOf(0, 'other')]
    expect(await ours.hold('a', 60_000)).toBe(true)
    expect(await ours.hold('b', 60_000)).toBe(false)
    expect(await ours.hold('a', 60_000)).toBe(true)
    expect(await ofOther.hold('b', 60_000)).toBe(true)
    expect(await logOf(1).hold('b', 60_000)).toBe(true)
    await ours.giveBack('b')
    expect(await ours.hold('b', 60_000)).toBe(false)
    await ours.giveBack('a')
    expect(await ours.hold('b', 60_000)).toBe(true)
  })

  test('ends by itself', async () => {
    await logOf(0).hold('a', 50)
    await expect.poll(() => logOf(0).hold('b', 60_000)).toBe(true)
  })
})

test('how far a target is behind is the age of the oldest change that it was not told of', async () => {
  expect(await logOf(0).lagMs()).toBe(0)
  await epochIs(0, 'e')
  const [s = ''] = await redis.time()
  await write(0, `${Number(s) * 1000 - 60_000}-0`, `${Number(s) * 1000 - 30_000}-0`)
  expect(await logOf(0).lagMs()).toBe(0)
  const behind = async (secondsAgo: number) => {
    await logOf(0).writePosition(at(`${(Number(s) - secondsAgo) * 1000}-0`))
    return Math.floor((await logOf(0).lagMs()) / 30_000)
  }
  expect(await behind(90)).toBe(2)
  expect(await behind(60)).toBe(1)
  expect(await behind(30)).toBe(0)
})

test('a target that is enabled begins with a clean record', async () => {
  await logOf(0).writeFailingSince(5)
  await logOf(0).disable()
  expect(await logOf(0).delivery()).toMatchObject({ disabled: true, failingSince: 5 })
  await logOf(0).enable()
  expect(await logOf(0).delivery()).toMatchObject({ disabled: false, failingSince: 0 })
})
