import { beforeEach, describe, expect, test } from 'vitest'
import { untilMinuteIsYoung } from '../../../../test/support/emptied-minute.ts'
import { freshStoreOfFile, newRoster, testUser } from '../../../../test/support/fresh-store.ts'
import type { CommitResult, NewRoster } from './fetches.ts'
import type { RosterStore } from './roster-store.ts'

const LEAST = 3

const fresh = freshStoreOfFile()
let store: RosterStore
const domain = testUser('john').domain
const EMPTY: NewRoster = { ...newRoster('empty'), body: '{}', contacts: 0 }

beforeEach(async () => {
  await untilMinuteIsYoung(fresh.redis)
  store = fresh.another({ emptiedShare: 0.5, emptiedMin: LEAST })
})

const named = (i: number) => testUser(`user${i}`)
const write = async (i: number, roster: NewRoster, by = store): Promise<CommitResult> =>
  by.commit(named(i), await fresh.begin(named(i)), roster)
const confirm = async (i: number, by = store) => by.confirm(named(i), await fresh.begin(named(i)), {})

/** Users with contacts, stored hours ago, as far as any store knows. */
async function storeRosters(count: number): Promise<void> {
  const other = fresh.another({ emptiedShare: 1 })
  for (let i = 0; i < count; i++) await write(i, newRoster(`${i}`), other)
}

/** Empties rosters one after the other until one is held back. */
async function emptyUntilHeld(first = 0): Promise<CommitResult[]> {
  const results: CommitResult[] = []
  for (let i = first; i < first + 50; i++) {
    results.push(await write(i, EMPTY))
    if (results.at(-1) !== 'ok') break
  }
  return results
}

const OK = (count: number) => Array.from({ length: count }, () => 'ok')

test('when all rosters are emptied, a few are, and further ones are held back', async () => {
  await storeRosters(10)
  expect(await emptyUntilHeld()).toEqual([...OK(LEAST), 'tripped'])
  expect(await write(5, EMPTY)).toBe('held')
  expect([...(await store.heldDomains()).keys()]).toEqual([domain])
})

test('G4: of what is held back nothing is written: the roster stays, its user is open, the caller says that it failed', async () => {
  await storeRosters(10)
  await emptyUntilHeld()
  const user = named(9)
  const before = await store.read(user.jid)
  const changes = await fresh.redis.xlen(fresh.keys.changes)
  const fetch = await fresh.begin(user, 'a')
  expect(await store.commit(user, fetch, EMPTY)).toBe('held')
  expect(await store.read(user.jid)).toEqual(before)
  expect(await fresh.redis.xlen(fresh.keys.changes)).toBe(changes)
  expect((await store.states(0, [user.jid])).states).toMatchObject([{ wanted: 2, fetched: 1, failed: 0 }])
  expect(await fresh.redis.zrange(fresh.keys.open, '0', '-1')).toContain(user.jid)
})

test('rosters that are not empty are stored all the same, and so are those of users who had no contacts', async () => {
  await storeRosters(10)
  await emptyUntilHeld()
  expect(await write(8, newRoster('new'))).toBe('ok')
  expect(await write(0, EMPTY)).toBe('ok')
  expect(await write(100, EMPTY)).toBe('ok')
})

test.each([
  ['written', (i: number) => write(i, newRoster(`new ${i}`))],
  ['confirmed', confirm],
])('as long as as many are %s, none is held back', async (_, other) => {
  await storeRosters(40)
  for (let i = 0; i < 20; i++) {
    await other(20 + i)
    expect(await write(i, EMPTY)).toBe('ok')
  }
  expect((await store.heldDomains()).size).toBe(0)
})

test('what other workers have written counts too, once it is more than a few', async () => {
  await storeRosters(60)
  const other = fresh.another({ emptiedShare: 0.5, emptiedMin: LEAST })
  for (let i = 0; i < 33; i++) await write(20 + i, newRoster(`new ${i}`), other)
  for (let i = 0; i < 15; i++) expect(await write(i, EMPTY)).toBe('ok')
})

test('what happens in one domain says nothing of another one', async () => {
  await storeRosters(10)
  for (let i = 0; i < 40; i++) {
    const other = { ...named(i), jid: `user${i}@other.example`, domain: 'other.example' } as ReturnType<typeof testUser>
    await store.commit(other, await fresh.begin(other), newRoster('other'))
  }
  expect((await emptyUntilHeld()).at(-1)).toBe('tripped')
  const held = { ...named(0), jid: 'user0@other.example', domain: 'other.example' } as ReturnType<typeof testUser>
  expect(await store.commit(held, await fresh.begin(held), EMPTY)).toBe('ok')
})

test('a few in each minute are always let through', async () => {
  await storeRosters(10)
  for (let i = 0; i < 9; i++) {
    if (i % LEAST === 0) await anotherMinute()
    expect(await write(i, EMPTY)).toBe('ok')
  }
})

/** As if what was counted had been a minute earlier. */
async function anotherMinute(): Promise<void> {
  const kept = await fresh.redis.hget(fresh.keys.emptied, domain)
  if (kept) await fresh.redis.hset(fresh.keys.emptied, domain, kept.replace(/^\d+/, '1'))
}

test('a share of 1 holds nothing back, and commits pay for nothing', async () => {
  await storeRosters(40)
  const off = fresh.another({ emptiedShare: 1, emptiedMin: 0 })
  for (let i = 0; i < 40; i++) expect(await write(i, EMPTY, off)).toBe('ok')
  expect(await fresh.redis.exists(fresh.keys.emptied)).toBe(0)
})

test('a commit that empties nothing tells Redis of itself only with 15 others', async () => {
  for (let i = 0; i < 15; i++) await write(i, newRoster(`${i}`))
  expect(await fresh.redis.exists(fresh.keys.emptied)).toBe(0)
  await write(15, newRoster('15'))
  expect(await fresh.redis.hget(fresh.keys.emptied, domain)).toMatch(/^\d+ 16 0 0 0$/)
})

describe('an operator', () => {
  beforeEach(async () => {
    await storeRosters(20)
    await emptyUntilHeld()
  })

  test('who confirms lets empty rosters through, for an hour', async () => {
    expect(await store.judgeEmptied(domain, 'confirm')).toBe(true)
    expect((await store.heldDomains()).size).toBe(0)
    for (let i = 4; i < 16; i++) expect(await write(i, EMPTY)).toBe('ok')
    await hourLater()
    expect(await write(16, EMPTY)).toBe('tripped')
  })

  test('who rejects makes the guard watch anew', async () => {
    expect(await store.judgeEmptied(domain, 'reject')).toBe(true)
    expect((await store.heldDomains()).size).toBe(0)
    expect(await emptyUntilHeld(4)).toEqual([...OK(LEAST), 'tripped'])
  })

  test('may confirm before anything is held back', async () => {
    await store.judgeEmptied(domain, 'reject')
    expect(await store.judgeEmptied(domain, 'confirm')).toBe(false)
    for (let i = 4; i < 20; i++) expect(await write(i, EMPTY)).toBe('ok')
  })

  async function hourLater(): Promise<void> {
    const kept = await fresh.redis.hget(fresh.keys.emptied, domain)
    await fresh.redis.hset(fresh.keys.emptied, domain, String(kept).replace(/\d+$/, '1'))
  }
})
