import type { FailureCode } from '@rollcall/roster'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  freshStoreOfFile,
  MAX_STARTS,
  newRoster,
  REPAIR_MAX_MS,
  REPAIR_MIN_MS,
  testUser,
} from '../../../../test/support/fresh-store.ts'
import { redisNow } from '../redis-now.ts'

const fresh = freshStoreOfFile()
const john = testUser('john')
const lock = { jobId: 'job', token: 'token' }

beforeEach(async () => {
  await fresh.redis.set(fresh.keys.jobLock(lock.jobId), lock.token)
})

/** A fetch that somebody asked for fails. */
const fail = async (user = john, code: FailureCode = 'backend-unreachable') =>
  fresh.store.fail(user, await fresh.begin(user), { code, message: '' }, lock)

/** A fetch for a repair. */
const beginAgain = async () => {
  const begin = await fresh.store.begin(john)
  if (begin.kind !== 'begun') throw new Error(`Not begun: ${begin.kind}`)
  return begin
}

const toBeRepaired = () => fresh.redis.zrange(fresh.keys.failed, '0', '-1')
const makeDue = (jid: string = john.jid) => fresh.redis.zadd(fresh.keys.failed, 'XX', 1, jid)

/** Until the next repair of a user, as near as a busy machine lets us say. */
async function pause(jid: string = john.jid): Promise<number> {
  return Number(await fresh.redis.zscore(fresh.keys.failed, jid)) - (await redisNow(fresh.redis))
}

async function expectPause(ms: number, jid?: string): Promise<void> {
  const left = await pause(jid)
  expect(left).toBeLessThanOrEqual(ms)
  expect(left).toBeGreaterThan(ms - REPAIR_MIN_MS / 2)
}

test('nobody is repaired as long as all goes well', async () => {
  await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
  await fresh.store.confirm(john, await fresh.begin(john), {})
  expect(await toBeRepaired()).toEqual([])
  expect(await fresh.store.repair(0)).toEqual([])
})

test('who failed is handed out when his time has come, and not before', async () => {
  await fail()
  await expectPause(REPAIR_MIN_MS)
  expect(await fresh.store.repair(0)).toEqual([])
  await makeDue()
  expect(await fresh.store.repair(0)).toEqual([john.jid])
})

test('a job that is lost is made again: whoever is handed out has his next time at once', async () => {
  await fail()
  await makeDue()
  await fresh.store.repair(0)
  expect(await fresh.store.repair(0)).toEqual([])
  await expectPause(2 * REPAIR_MIN_MS)
  await makeDue()
  expect(await fresh.store.repair(0)).toEqual([john.jid])
})

test('the pause doubles with each repair that fails, up to the longest', async () => {
  await fail()
  for (const pause of [2, 4, 8, 16, 32, 60, 60]) {
    await makeDue()
    await fresh.store.repair(0)
    await fresh.store.fail(john, await beginAgain(), { code: 'backend-status', message: '' }, lock)
    await expectPause(Math.min(pause * REPAIR_MIN_MS, REPAIR_MAX_MS))
  }
})

test('a failure of what somebody else asked for makes the pause no longer', async () => {
  for (let i = 0; i < 5; i++) await fail()
  await expectPause(REPAIR_MIN_MS)
})

test.each(['commit', 'confirm'] as const)('a %s ends the repairs, and the next failure begins anew', async (how) => {
  await fail()
  for (let i = 0; i < 3; i++) {
    await makeDue()
    await fresh.store.repair(0)
  }
  const fetch = await beginAgain()
  if (how === 'commit') await fresh.store.commit(john, fetch, newRoster('one'))
  else await fresh.store.confirm(john, fetch, {})
  expect(await toBeRepaired()).toEqual([])
  await fail()
  await expectPause(REPAIR_MIN_MS)
})

test('G1: a repair needs no generation of its own; who was told of the failure keeps that answer', async () => {
  const { heard } = await fresh.listen('a')
  await fresh.store.fail(john, await fresh.begin(john, 'a'), { code: 'backend-status', message: '' }, lock)
  expect(await heard()).toMatchObject([{ wanted: 1, fetched: 0, failed: 1 }])
  await makeDue()
  await fresh.store.repair(0)
  const fetch = await beginAgain()
  expect(fetch.generation).toBe(1)
  await fresh.store.commit(john, fetch, newRoster('one'))
  expect((await fresh.store.states(0, [john.jid])).states).toMatchObject([{ wanted: 1, fetched: 1, failed: 1 }])
  expect(await fresh.store.read(john.jid)).toMatchObject({ stale: false })
  expect(await heard()).toHaveLength(1)
})

test('an earlier fetch that went well does not end the repairs of a later failure', async () => {
  const fetch = await fresh.begin(john)
  await fresh.store.request(0, [john.jid], '')
  await fresh.store.fail(john, { ...fetch, generation: 2 }, { code: 'backend-status', message: '' }, lock)
  await fresh.store.commit(john, fetch, newRoster('one'))
  expect(await toBeRepaired()).toEqual([john.jid])
})

test('an earlier failure than the last good fetch is nothing to repair', async () => {
  const older = await fresh.begin(john)
  await fresh.store.commit(john, await fresh.begin(john), newRoster('newer'))
  await fresh.store.fail(john, older, { code: 'backend-status', message: '' }, lock)
  expect(await toBeRepaired()).toEqual([])
})

test('a failure that does not count is not repaired', async () => {
  const fetch = await fresh.begin(john)
  await fresh.redis.del(fresh.keys.jobLock(lock.jobId))
  await fresh.store.fail(john, fetch, { code: 'backend-status', message: '' }, lock)
  expect(await toBeRepaired()).toEqual([])
})

test('who is open is not handed out: he is fetched anyway, and soon', async () => {
  await fail()
  await makeDue()
  await fresh.store.request(0, [john.jid], '')
  expect(await fresh.store.repair(0)).toEqual([])
  expect(await toBeRepaired()).toEqual([john.jid])
  await expectPause(REPAIR_MIN_MS)
})

test('G7: whose fetches kill workers is repaired as seldom as anybody', async () => {
  for (let i = 0; i < MAX_STARTS; i++) await fresh.begin(john)
  expect(await fresh.store.begin(john)).toEqual({ kind: 'given-up' })
  await expectPause(REPAIR_MAX_MS)
})

describe('a user whom the backend does not know', () => {
  test('is not repaired: it has said what there is to say', async () => {
    await fail(john, 'user-unknown')
    expect(await toBeRepaired()).toEqual([])
  })

  test('is no longer repaired when it first could not be asked', async () => {
    await fail(john)
    await fail(john, 'user-unknown')
    expect(await toBeRepaired()).toEqual([])
  })

  test('is repaired when it knew him once: it may be its mistake', async () => {
    await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
    await fail(john, 'user-unknown')
    expect(await toBeRepaired()).toEqual([john.jid])
  })
})

test('users are handed out in chunks, each to one worker only', async () => {
  const jids = Array.from({ length: 1200 }, (_, i) => testUser(`user${i}`).jid)
  for (const jid of jids) await fresh.redis.zadd(fresh.keys.failed, 1, jid)
  const chunks = await Promise.all([1, 2, 3, 4].map(() => fresh.store.repair(0)))
  expect(chunks.map(({ length }) => length)).toEqual([500, 500, 200, 0])
  expect(chunks.flat().sort()).toEqual(jids.toSorted())
})

describe('when the backend of a domain is back', () => {
  const others = Array.from({ length: 1500 }, (_, i) => `user${i}@other.example`)
  const ours = Array.from({ length: 1500 }, (_, i) => testUser(`user${i}`).jid)
  const inAnHour = async (jids: readonly string[]) => {
    const at = (await redisNow(fresh.redis)) + REPAIR_MAX_MS
    await fresh.redis.zadd(fresh.keys.failed, ...jids.flatMap((jid) => [at, jid]))
  }

  test('its users are due within seconds, not all at once, and nobody else is', async () => {
    await inAnHour([...others, ...ours])
    expect(await fresh.store.repairNow(john.domain)).toBe(1500)
    const soon = await fresh.redis.zrangebyscore(fresh.keys.failed, '-inf', (await redisNow(fresh.redis)) + 60_000)
    expect(soon.toSorted()).toEqual(ours.toSorted())
    const times = new Set(await Promise.all(ours.map((jid) => fresh.redis.zscore(fresh.keys.failed, jid))))
    expect(times.size).toBeGreaterThan(100)
  })

  test('nobody is put later than he was', async () => {
    await inAnHour(ours)
    await makeDue(ours[0])
    expect(await fresh.store.repairNow(john.domain)).toBe(1499)
    expect(await fresh.redis.zscore(fresh.keys.failed, ours[0] ?? '')).toBe('1')
  })

  test('a domain whose name ends like it is another one', async () => {
    await inAnHour(['john@sub.example.org', 'john@notexample.org'])
    expect(await fresh.store.repairNow(john.domain)).toBe(0)
  })

  test('nobody failed: nothing to do', async () => {
    expect(await fresh.store.repairNow(john.domain)).toBe(0)
  })
})
