import type { BareJid } from '@rollcall/roster'
import { beforeAll, describe, expect, test } from 'vitest'
import { freshStoreOfFile, newRoster, testUser } from '../../../../test/support/fresh-store.ts'
import { type ChangeLog, changeLog } from './change-log.ts'
import type { Fetch } from './fetches.ts'

const fresh = freshStoreOfFile()
let log: ChangeLog
const john = testUser('john')
const marie = testUser('marie')

beforeAll(async () => {
  log = changeLog({ redis: fresh.redis, shards: 1 })
})

const change = async (user = john, name = 'one') =>
  expect(await fresh.store.commit(user, await fresh.begin(user), newRoster(name))).toBe('ok')
const versions = async (user: BareJid, most = 20, after?: string) =>
  (await log.ofUser(user, most, after)).map(({ version }) => Number(version))

describe('the changes of one user', () => {
  test('are found behind those of others, the newest first, so many at most', async () => {
    for (let i = 0; i < 5; i++) {
      await change(john, `${i}`)
      for (let k = 0; k < 3; k++) await change(marie, `${k}`)
    }
    expect(await versions(john.jid)).toEqual([5, 4, 3, 2, 1])
    expect(await versions(john.jid, 2)).toEqual([5, 4])
    expect((await log.ofUser(john.jid, 1))[0]).toMatchObject({ shard: 0, user: john.jid, diff: newRoster('4').change })
    expect(await versions(testUser('nobody').jid)).toEqual([])
  })

  test('go on behind one that was given; behind one of somebody else is nothing of his', async () => {
    for (let i = 0; i < 4; i++) {
      await change(john, `${i}`)
      await change(marie, `${i}`)
    }
    const [, second] = await log.ofUser(john.jid, 2)
    expect(await versions(john.jid, 20, second?.id)).toEqual([2, 1])
    const [ofMarie] = await log.ofUser(marie.jid, 1)
    expect(await versions(john.jid, 20, ofMarie?.id)).toEqual([])
    expect(await versions(john.jid, 20, '5-5')).toEqual([])
  })

  test('end where the log has been trimmed', async () => {
    for (let i = 0; i < 5; i++) await change(john, `${i}`)
    await fresh.redis.xtrim(fresh.keys.changes, 'MAXLEN', 2)
    expect(await versions(john.jid)).toEqual([5, 4])
  })

  test('a drop is one of them, and they go on when the user comes back', async () => {
    await change(john, 'one')
    const fetch: Fetch = await fresh.begin(john)
    await fresh.redis.set(fresh.keys.jobLock('1'), 'token')
    const gone = { code: 'user-unknown', message: 'gone' } as const
    const lock = { jobId: '1', token: 'token' }
    expect(await fresh.store.drop(john, fetch, gone, '{"gone":true}', lock)).toBe('ok')
    await change(john, 'two')
    expect(await versions(john.jid)).toEqual([3, 2, 1])
  })

  test('a drop of who is gone already leaves them as they were', async () => {
    await change(john, 'one')
    await fresh.redis.set(fresh.keys.jobLock('1'), 'token')
    const gone = { code: 'user-unknown', message: 'gone' } as const
    for (const _ of ['first', 'again'])
      await fresh.store.drop(john, await fresh.begin(john), gone, '{}', { jobId: '1', token: 'token' })
    expect(await versions(john.jid)).toEqual([2, 1])
  })

  test('those of a version that did not link them are left out', async () => {
    await change(john, 'one')
    const [first] = await log.ofUser(john.jid, 1)
    const written = await fresh.redis.xadd(fresh.keys.changes, '*', 'user', john.jid, 'version', '2', 'diff', '{}')
    await fresh.redis.hset(fresh.keys.user(john.jid), 'version', 2)
    await change(john, 'three')
    expect(await versions(john.jid)).toEqual([3, 1])
    await fresh.redis.hset(fresh.keys.user(john.jid), 'change', written ?? '')
    expect(await versions(john.jid)).toEqual([2])
    expect(first?.version).toBe('1')
  })
})

describe('the log of a shard', () => {
  test('is read back from its end, or from a place, and forward from a place', async () => {
    for (const id of ['1-0', '1-1', '2-0', '3-0'])
      await fresh.redis.xadd(fresh.keys.changes, id, 'user', john.jid, 'version', '1', 'diff', '{}')
    const ids = async (entries: Promise<readonly { id: string }[]>) => (await entries).map(({ id }) => id)
    expect(await ids(log.before(0, null, 2))).toEqual(['3-0', '2-0'])
    expect(await ids(log.before(0, '2-0', 10))).toEqual(['1-1', '1-0'])
    expect(await ids(log.after(0, '1-0', 2))).toEqual(['1-1', '2-0'])
    expect(await ids(log.after(0, '3-0', 2))).toEqual([])
    expect(await ids(log.from(0, '1-1', '2-0', 10))).toEqual(['1-1', '2-0'])
    expect(await ids(log.from(0, '0-0', '3-0', 3))).toEqual(['1-0', '1-1', '2-0'])
  })

  test('says where it ends, and how many entries it has had', async () => {
    expect(await log.end(0)).toEqual({ id: '0-0', added: 0, kept: 0 })
    for (let i = 0; i < 3; i++) await change(john, `${i}`)
    const [last] = await log.before(0, null, 1)
    expect(await log.end(0)).toEqual({ id: last?.id, added: 3, kept: 3 })
    await fresh.redis.xtrim(fresh.keys.changes, 'MAXLEN', 0)
    expect(await log.end(0)).toEqual({ id: last?.id, added: 3, kept: 0 })
  })
})
