import type { Domain, Username } from '@rollcall/roster'
import { userOf } from '@rollcall/roster'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshRedisUrl } from '../../../../test/support/fresh-redis.ts'
import { shardKeys, shardOf } from '../keys.ts'
import { nameOf } from './names.ts'
import { type StoredUsers, storedUsers } from './stored-users.ts'

const SHARDS = 4
const user = (name: string, domain = 'b.example') => userOf(name as Username, domain as Domain)

let redis: Redis
let stored: StoredUsers

beforeAll(async () => {
  redis = new Redis(await freshRedisUrl())
  stored = storedUsers({ redis, shards: SHARDS })
  const names = ['a', 'ab', 'abc', 'abd', 'b', 'z', 'é', '中', '𠀀', 'ｱ']
  for (const domain of ['a.example', 'b.example', 'b.example.org', 'c.example'])
    for (const name of names) {
      const { jid } = user(name, domain)
      const keys = shardKeys(shardOf(jid, SHARDS))
      await redis.zadd(keys.names, 0, nameOf(domain as Domain, name))
      await redis.hset(keys.roster(jid), { contacts: 3, state: '1700000000000 7 1' })
    }
})
afterAll(() => redis.disconnect())

const search = (prefix: string, domain = 'b.example', isWhole = false) => ({
  domain: domain as Domain,
  prefix,
  isWhole,
})
const found = async (...args: Parameters<StoredUsers['find']>) => {
  const { rows, last } = await stored.find(...args)
  return { jids: rows.map((row) => row.user.jid as string), last: last?.jid ?? null }
}
const of = (domain: string, ...names: string[]) => names.map((name) => `${name}@${domain}`)

test('names that begin alike are found over all shards, and none of another domain', async () => {
  expect(await found([search('ab')], null, 10)).toEqual({ jids: of('b.example', 'ab', 'abc', 'abd'), last: null })
  expect(await found([search('abd')], null, 10)).toEqual({ jids: of('b.example', 'abd'), last: null })
  expect(await found([search('abe')], null, 10)).toEqual({ jids: [], last: null })
  expect((await stored.find([search('abc')], null, 10)).rows).toEqual([
    { user: user('abc'), contacts: 3, version: 7, fetchedAt: 1_700_000_000_000, stale: true },
  ])
})

test('a whole name is found alone', async () => {
  expect(await found([search('ab', 'b.example', true)], null, 10)).toEqual({ jids: of('b.example', 'ab'), last: null })
  expect(await found([search('ab', 'b.example', true)], user('ab'), 10)).toEqual({ jids: [], last: null })
})

test('all of a domain are found, in the order of their bytes', async () => {
  const all = ['a', 'ab', 'abc', 'abd', 'b', 'z', 'é', '中', 'ｱ', '𠀀']
  expect(await found([search('')], null, 10)).toEqual({ jids: of('b.example', ...all), last: null })
})

test('pages follow each other, from domain to domain', async () => {
  const searches = [search('ab', 'c.example'), search('ab', 'a.example'), search('ab')]
  const first = await found(searches, null, 4)
  expect(first.jids).toEqual([...of('a.example', 'ab', 'abc', 'abd'), ...of('b.example', 'ab')])
  expect(first.last).toBe('ab@b.example')
  const second = await found(searches, user('ab'), 4)
  expect(second.jids).toEqual([...of('b.example', 'abc', 'abd'), ...of('c.example', 'ab', 'abc')])
  expect(await found(searches, user('abc', 'c.example'), 4)).toEqual({ jids: of('c.example', 'abd'), last: null })
  expect(await found(searches, user('zzz', 'c.example'), 4)).toEqual({ jids: [], last: null })
})

test('many domains are looked through until a page is full', async () => {
  const empty = Array.from({ length: 20 }, (_, i) => search('', `a${i}.example`))
  expect((await found([...empty, search('ab')], null, 2)).jids).toEqual(of('b.example', 'ab', 'abc'))
})
