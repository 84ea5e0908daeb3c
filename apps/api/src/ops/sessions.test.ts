import { createLog, makeToken, type TokenEntry } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { freshRedisUrl } from '../../../../test/support/fresh-redis.ts'
import { ownRedis } from '../../../../test/support/processes.ts'
import { knownTokens } from '../known-tokens.ts'
import { sessions } from './sessions.ts'

const log = createLog({ level: 'silent', name: 'test' })
const entryOf = (name: string, rights: TokenEntry['rights']) => makeToken({ name, rights, domains: '*' }).entry
const alice = entryOf('alice', ['view'])

let redis: Redis

beforeEach(async () => {
  redis = new Redis(await freshRedisUrl())
  onTestFinished(() => redis.disconnect())
})

/** The sessions of an api with these tokens in its configuration. */
function sessionsOf(configured: readonly TokenEntry[]) {
  const tokens = knownTokens({ configured, redis, log })
  onTestFinished(tokens.close)
  return { tokens, ...sessions({ redis, tokens, opsSessionS: 60 }) }
}

test('what a session may do is what its token may now', async () => {
  const { id } = await sessionsOf([alice]).begin(alice)
  const more: TokenEntry = { ...alice, rights: ['view', 'operate'] }
  expect(await sessionsOf([more]).find(id, false)).toMatchObject({ token: { rights: ['view', 'operate'] } })
})

test('a session ends with its token: gone, without the right to look, or another one with the same id', async () => {
  const { id } = await sessionsOf([alice]).begin(alice)
  const withoutView: TokenEntry = { ...alice, rights: ['operate'] }
  const another = { ...entryOf('mallory', ['view']), id: alice.id }
  for (const configured of [[], [withoutView], [another]]) {
    const api = sessionsOf(configured)
    await api.tokens.look()
    expect(await api.find(id, false)).toBe('token-gone')
  }
})

test('a token made at run time that an api has not read yet is read then', async () => {
  const made = entryOf('made', ['view'])
  const first = sessionsOf([])
  await first.tokens.add({ ...made, createdAt: new Date().toISOString(), createdBy: 'alice' })
  const { id } = await first.begin(made)
  expect(await sessionsOf([]).find(id, false)).toMatchObject({ token: { name: 'made' } })
})

test('with Redis away, who was seen last may go on looking, not acting; of many, a thousand', async () => {
  const api = sessionsOf([alice])
  const ids = await Promise.all(Array.from({ length: 1_001 }, async () => (await api.begin(alice)).id))
  for (const id of ids) await api.find(id, false)
  redis.disconnect()
  const [first = '', second = ''] = ids
  await expect(api.find(first, false)).rejects.toThrow(/Connection is closed/)
  expect(await api.find(second, false)).toMatchObject({ token: { name: 'alice' } })
  await expect(api.find(second, true)).rejects.toThrow(/Connection is closed/)
  await expect(api.end(second)).rejects.toThrow(/Connection is closed/)
  await expect(api.find(second, false)).rejects.toThrow(/Connection is closed/)
})

describe('a session that Redis does not take', () => {
  beforeEach(async () => {
    redis.disconnect()
    redis = new Redis((await ownRedis()).url)
    onTestFinished(() => redis.disconnect())
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    await redis.config('SET', 'maxmemory', '1')
  })
  const later = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)

  test('counts here alone, also to act; then everywhere, as soon as Redis takes it, until it is ended there', async () => {
    const [here, there] = [sessionsOf([alice]), sessionsOf([alice])]
    const { id } = await here.begin(alice)
    later(31)
    expect(await here.find(id, true)).toMatchObject({ token: { name: 'alice' } })
    expect(await there.find(id, false)).toBe('ended')
    await redis.config('SET', 'maxmemory', '0')
    later(31)
    for (const api of [here, there]) expect(await api.find(id, true)).toMatchObject({ token: { name: 'alice' } })
    await there.end(id)
    later(31)
    expect(await here.find(id, false)).toBe('ended')
  })

  test('ends when it is not used, when somebody logs out, and when very many others log in', async () => {
    const api = sessionsOf([alice])
    const [unused, ended, pushedOut] = [await api.begin(alice), await api.begin(alice), await api.begin(alice)]
    await api.end(ended.id)
    expect(await api.find(ended.id, false)).toBe('ended')
    for (let i = 0; i < 999; i++) await api.begin(alice)
    expect(await api.find(pushedOut.id, false)).toMatchObject({ token: alice })
    await api.begin(alice)
    await api.begin(alice)
    const last = await api.begin(alice)
    expect(await api.find(unused.id, false)).toBe('ended')
    later(61)
    expect(await api.find(last.id, false)).toBe('ended')
  })

  test('lets one look and not act while Redis is away, for a quarter of an hour', async () => {
    redis.disconnect()
    const api = sessionsOf([alice])
    const { id } = await api.begin(alice)
    expect(await api.find(id, false)).toMatchObject({ token: alice })
    await expect(api.find(id, true)).rejects.toThrow(/Connection is closed/)
    await api.end(id)
    expect(await api.find(id, false).catch(String)).toMatch(/Connection is closed/)
  })
})

test('what is no id is not looked up', async () => {
  const api = sessionsOf([alice])
  redis.disconnect()
  for (const id of ['', 'x', '../audit', 'a'.repeat(44), '*']) expect(await api.find(id, false)).toBe('ended')
})
