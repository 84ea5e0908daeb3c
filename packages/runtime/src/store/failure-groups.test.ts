import type { Domain, FailureCode, User } from '@rollcall/roster'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { freshStore, freshStoreOfFile, MAX_STARTS, newRoster, testUser } from '../../../../test/support/fresh-store.ts'
import { watchedRedis } from '../../../../test/support/watched-redis.ts'
import { placeOf } from '../sorted-pages.ts'

const fresh = freshStoreOfFile()
const john = testUser('john')
const marie = testUser('marie')
const lock = { jobId: 'job', token: 'token' }

beforeEach(async () => {
  await fresh.redis.set(fresh.keys.jobLock(lock.jobId), lock.token)
})

const fail = async (user: User, code: FailureCode, message = `message of ${code}`) =>
  fresh.store.fail(user, await fresh.begin(user), { code, message }, lock)

const groups = async () => fresh.store.failureGroups(await fresh.store.failureParts())
const counts = async () => Object.fromEntries((await groups()).map(({ code, count }) => [code, count]))
const usersOf = async (code: FailureCode) => {
  const parts = (await fresh.store.failureParts()).filter((part) => part.code === code)
  return (await fresh.store.failedUsers(await fresh.store.failedBehind(parts, null, 100))).map(({ jid }) => jid)
}

test('who fails is in the group of his failure, with the time and the message of the last', async () => {
  const before = Date.now() - 1000
  await fail(john, 'backend-timeout')
  await fail(marie, 'backend-timeout', 'No whole answer within 10 s')
  const [group, ...others] = await groups()
  expect(others).toEqual([])
  expect(group).toMatchObject({ code: 'backend-timeout', domain: 'example.org', count: 2 })
  expect(group?.since).toBeGreaterThan(before)
  expect(group?.last.at).toBeGreaterThanOrEqual(group?.since ?? 0)
  expect(await usersOf('backend-timeout')).toHaveLength(2)
})

test('nobody failed: there is no group, and no key of one', async () => {
  await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
  expect(await groups()).toEqual([])
  expect((await fresh.redis.keys('*')).filter((key) => key.includes('failed'))).toEqual([])
})

test('who never failed costs nothing: no command looks for a group, or for a reason', async () => {
  const { url, commandsOf } = await watchedRedis()
  const { store, redis, keys, begin, close } = await freshStore(url)
  onTestFinished(close)
  await redis.set(keys.jobLock(lock.jobId), lock.token)
  const isOfFailures = ([name = '', ...args]: readonly string[]) =>
    !/^eval/i.test(name) && args.some((arg) => arg === 'code' || arg.includes(':failed'))
  const ofJohn = await commandsOf(async () => {
    await store.commit(john, await begin(john), newRoster('one'))
    await store.confirm(john, await begin(john), {})
  })
  expect(ofJohn.length).toBeGreaterThan(10)
  expect(ofJohn.filter(isOfFailures)).toEqual([])
  const failure = { code: 'backend-timeout', message: '' } as const
  const ofMarie = await commandsOf(async () => store.fail(marie, await begin(marie), failure, lock))
  expect(ofMarie.filter(isOfFailures)).not.toEqual([])
})

test('who fails for another reason moves, and the group that is left empty is gone', async () => {
  await fail(john, 'backend-timeout')
  await fail(marie, 'backend-timeout')
  await fail(john, 'roster-invalid')
  expect(await counts()).toEqual({ 'backend-timeout': 1, 'roster-invalid': 1 })
  await fail(marie, 'roster-invalid')
  expect(await counts()).toEqual({ 'roster-invalid': 2 })
})

test.each(['commit', 'confirm'] as const)('a %s takes the user out, and nobody else', async (how) => {
  await fail(john, 'backend-timeout')
  await fail(marie, 'backend-timeout')
  const fetch = await fresh.begin(john)
  if (how === 'commit') await fresh.store.commit(john, fetch, newRoster('one'))
  else await fresh.store.confirm(john, fetch, {})
  expect(await usersOf('backend-timeout')).toEqual([marie.jid])
  await fresh.store.commit(marie, await fresh.begin(marie), newRoster('one'))
  expect(await groups()).toEqual([])
  expect(await fresh.redis.exists(fresh.keys.failedGroups)).toBe(0)
})

test('since when a group has members is told, although those who were first have been fetched since', async () => {
  await fail(john, 'backend-timeout')
  const since = (await groups())[0]?.since
  await fail(marie, 'backend-timeout')
  await fail(marie, 'backend-timeout')
  await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
  expect((await groups())[0]).toMatchObject({ since, count: 1 })
})

test('an earlier failure than the last good fetch is in no group', async () => {
  const older = await fresh.begin(john)
  await fresh.store.commit(john, await fresh.begin(john), newRoster('newer'))
  await fresh.store.fail(john, older, { code: 'backend-status', message: '' }, lock)
  expect(await groups()).toEqual([])
})

test('an older failure that is told late leaves the user in the group of the newer one', async () => {
  const older = await fresh.begin(john)
  const newer = await fresh.begin(john)
  await fresh.store.fail(john, newer, { code: 'roster-invalid', message: '' }, lock)
  await fresh.store.fail(john, older, { code: 'backend-status', message: '' }, lock)
  expect(await counts()).toEqual({ 'roster-invalid': 1 })
})

test('who is given up is in the group of those whose worker crashed', async () => {
  await fail(john, 'backend-timeout')
  for (let i = 0; i < MAX_STARTS; i++) await fresh.begin(john)
  expect(await fresh.store.begin(john)).toEqual({ kind: 'given-up' })
  expect(await counts()).toEqual({ 'worker-crashed': 1 })
})

test('a roster that is dropped since nobody uses it takes its user out', async () => {
  const store = fresh.another({ rosterTtlS: 1 })
  await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
  await fail(john, 'backend-timeout')
  await fresh.redis.zadd(fresh.keys.used, 0, john.jid)
  expect(await store.dropUnused(0, 0)).toBe(1)
  expect(await groups()).toEqual([])
})

test('each domain has groups of its own', async () => {
  const other = { ...john, jid: 'john@other.example' as User['jid'], domain: 'other.example' as Domain }
  await fail(john, 'backend-timeout')
  await fail(other, 'backend-timeout')
  expect((await groups()).map(({ domain }) => domain).sort()).toEqual(['example.org', 'other.example'])
})

describe('users whom the backend does not know', () => {
  test('are listed with those whom it knew once, although they are not repaired', async () => {
    await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
    await fail(john, 'user-unknown')
    await fail(marie, 'user-unknown')
    expect(await counts()).toEqual({ 'user-unknown': 2 })
    expect(await fresh.redis.zrange(fresh.keys.failed, '0', '-1')).toEqual([john.jid])
    const parts = await fresh.store.failureParts()
    const users = await fresh.store.failedUsers(await fresh.store.failedBehind(parts, null, 10))
    expect(users.map(({ jid, nextRepairAt }) => [jid, nextRepairAt !== undefined])).toEqual([
      [marie.jid, false],
      [john.jid, true],
    ])
  })

  test('leave when they are known, and when they fail otherwise', async () => {
    await fail(john, 'user-unknown')
    await fail(marie, 'user-unknown')
    await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
    await fail(marie, 'backend-timeout')
    expect(await counts()).toEqual({ 'backend-timeout': 1 })
    await fail(marie, 'user-unknown')
    expect(await counts()).toEqual({ 'user-unknown': 1 })
  })

  test('are those too who are gone', async () => {
    await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
    await fail(john, 'user-unknown')
    const failure = { code: 'user-unknown', message: 'gone' } as const
    expect(await fresh.store.drop(john, await fresh.begin(john), failure, '{}', lock)).toBe('ok')
    expect(await groups()).toMatchObject([{ code: 'user-unknown', count: 1, last: { message: 'gone' } }])
  })

  test('do not fill Redis: the newest 10,000 are listed, and that there may be more is said', async () => {
    const key = fresh.keys.failedGroup('never-known:example.org')
    const made = Array.from({ length: 10_000 }, (_, i) => [i + 1, `made-up-${i}@example.org`]).flat()
    await fail(marie, 'user-unknown')
    await fresh.redis.zadd(key, ...made.slice(4))
    expect(await groups()).toEqual([expect.not.objectContaining({ mostPerShard: expect.anything() })])
    await fresh.redis.zadd(key, ...made.slice(0, 2))
    await fail(john, 'user-unknown')
    expect(await groups()).toMatchObject([{ count: 10_000, mostPerShard: 10_000 }])
    expect(await fresh.redis.zscore(key, 'made-up-0@example.org')).toBeNull()
    expect(await fresh.redis.zscore(key, john.jid)).not.toBeNull()
  })
})

describe('a group that is dismissed', () => {
  const dismissAll = async (until = Number.MAX_SAFE_INTEGER, most = 10_000) => {
    const parts = await fresh.store.failureParts()
    const done = await Promise.all(parts.map((part) => fresh.store.dismiss(part, until, most)))
    return done.reduce((a, b) => a + b, 0)
  }

  test('is gone, and nobody of it is repaired any more', async () => {
    await fail(john, 'backend-timeout')
    await fail(marie, 'backend-timeout')
    expect(await dismissAll()).toBe(2)
    expect(await groups()).toEqual([])
    expect(await fresh.redis.zcard(fresh.keys.failed)).toBe(0)
    expect((await fresh.store.states(0, [john.jid])).states).toMatchObject([{ failed: 1, code: 'backend-timeout' }])
  })

  test('is dismissed to the bound, those first who failed first', async () => {
    await fail(john, 'backend-timeout')
    await fail(marie, 'backend-timeout')
    await fresh.redis.zincrby(fresh.keys.failedGroup('backend-timeout:example.org'), 1000, marie.jid)
    expect(await dismissAll(undefined, 1)).toBe(1)
    expect(await usersOf('backend-timeout')).toEqual([marie.jid])
  })

  test('leaves those who failed after it was looked at', async () => {
    await fail(john, 'backend-timeout')
    expect(await dismissAll(1000)).toBe(0)
    expect(await counts()).toEqual({ 'backend-timeout': 1 })
  })

  test('is back when its users fail again', async () => {
    await fail(john, 'backend-timeout')
    await dismissAll()
    await fail(john, 'backend-timeout')
    expect(await counts()).toEqual({ 'backend-timeout': 1 })
    expect(await fresh.redis.zcard(fresh.keys.failed)).toBe(1)
  })

  test('does not hide that an old failure was told late: the user is repaired, and listed', async () => {
    const older = await fresh.begin(john)
    const newer = await fresh.begin(john)
    await fresh.store.fail(john, newer, { code: 'roster-invalid', message: '' }, lock)
    await dismissAll()
    await fresh.store.fail(john, older, { code: 'backend-status', message: '' }, lock)
    expect(await counts()).toEqual({ 'roster-invalid': 1 })
    expect(await fresh.redis.zcard(fresh.keys.failed)).toBe(1)
  })
})

test('pages go through all users of all groups, who failed last first, although many failed in one millisecond', async () => {
  const names = Array.from({ length: 25 }, (_, i) => `user-${i}@example.org`)
  for (const [i, jid] of names.entries()) {
    const name = `${i % 2 === 0 ? 'backend-timeout' : 'roster-invalid'}:example.org`
    await fresh.redis.zadd(fresh.keys.failedGroup(name), 1000 + (i % 3), jid)
    await fresh.redis.hset(fresh.keys.failedGroups, name, 1000)
  }
  const parts = await fresh.store.failureParts()
  const seen: { member: string; at: number }[] = []
  for (let page = await fresh.store.failedBehind(parts, null, 4); page.length > 0; ) {
    seen.push(...page)
    const last = page.at(-1)
    page = last ? await fresh.store.failedBehind(parts, last, 4) : []
  }
  expect(seen.map(({ member }) => member).toSorted()).toEqual(names.toSorted())
  expect(seen.map(({ at }) => at)).toEqual(seen.map(({ at }) => at).toSorted((a, b) => b - a))
  expect(placeOf({ at: 1, member: 'a:b' })).toBe('1:a:b')
})
