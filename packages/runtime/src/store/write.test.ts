import { describe, expect, test } from 'vitest'
import { freshStoreOfFile, newRoster, testUser } from '../../../../test/support/fresh-store.ts'
import type { CommitResult, Fetch } from './fetches.ts'

const fresh = freshStoreOfFile()
const john = testUser('john')

const changes = async (): Promise<Record<string, string>[]> =>
  (await fresh.redis.xrange(fresh.keys.changes, '-', '+')).map(([id, fields]) => {
    const pairs = fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1] ?? ''] as const] : []))
    return { id, ...Object.fromEntries(pairs) }
  })

describe('commit', () => {
  test('G1: stores the roster, its change and the fetched generation together', async () => {
    const { heard } = await fresh.listen('a')
    const fetch = await fresh.begin(john, 'a')
    expect(await fresh.store.commit(john, fetch, newRoster('one'))).toBe('ok')
    const stored = await fresh.store.read(john.jid)
    expect(stored).toMatchObject({ etag: newRoster('one').etag, version: 1, stale: false })
    expect(stored?.body.toString()).toBe(newRoster('one').body)
    const id = expect.stringMatching(`^${stored?.fetchedAt}-0$`)
    expect(await changes()).toEqual([{ id, user: john.jid, version: '1', diff: newRoster('one').change, prev: '' }])
    expect(await heard()).toMatchObject([{ jid: john.jid, wanted: 1, fetched: 1, failed: 0, version: 1 }])
    expect(await fresh.redis.hget(fresh.keys.roster(john.jid), 'contacts')).toBe('1')
    expect(await fresh.redis.zrange(fresh.keys.open, '0', '-1')).toEqual([])
  })

  test('lists the user as stored, by the time of the fetch, and by name under his domain', async () => {
    await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
    const stored = await fresh.store.read(john.jid)
    expect(await fresh.redis.zscore(fresh.keys.stored, john.jid)).toBe(String(stored?.fetchedAt))
    expect(await fresh.redis.zrangebylex(fresh.keys.names, '[example.org\0jo', '(example.org\0jp')).toEqual([
      'example.org\0john',
    ])
  })

  test('G6: versions grow by one, one change each', async () => {
    for (const name of ['one', 'two', 'three']) {
      expect(await fresh.store.commit(john, await fresh.begin(john), newRoster(name))).toBe('ok')
    }
    expect((await changes()).map(({ version, diff }) => [version, diff])).toEqual([
      ['1', newRoster('one').change],
      ['2', newRoster('two').change],
      ['3', newRoster('three').change],
    ])
  })

  test('the change log keeps at least what it is told to, and not for ever', async () => {
    const store = fresh.another({ changesMaxLen: 10 })
    for (let i = 0; i < 500; i++) await store.commit(john, await fresh.begin(john), newRoster(`${i}`))
    const length = await fresh.redis.xlen(fresh.keys.changes)
    expect(length).toBeGreaterThanOrEqual(10)
    expect(length).toBeLessThan(500)
    expect((await changes()).at(-1)?.version).toBe('500')
  })
})

describe('confirm', () => {
  test('G1: keeps body and version, and takes over what the backend said of them', async () => {
    await fresh.store.commit(john, await fresh.begin(john), newRoster('one'))
    await fresh.redis.hset(fresh.keys.roster(john.jid), 'state', '1 1 0')
    await fresh.redis.zadd(fresh.keys.stored, 1, john.jid)
    const { heard } = await fresh.listen('a')
    const fetch = await fresh.begin(john, 'a')
    expect(await fresh.store.confirm(john, fetch, { etag: '"other"' })).toBe('ok')
    const stored = await fresh.store.read(john.jid)
    expect(stored?.body.toString()).toBe(newRoster('one').body)
    expect(stored).toMatchObject({ etag: newRoster('one').etag, version: 1 })
    expect(stored?.fetchedAt).toBeGreaterThan(1)
    expect(await fresh.redis.zscore(fresh.keys.stored, john.jid)).toBe(String(stored?.fetchedAt))
    expect(await changes()).toHaveLength(1)
    expect(await heard()).toMatchObject([{ jid: john.jid, wanted: 2, fetched: 2, version: 1 }])
    expect((await fresh.begin(john)).source).toEqual({ etag: '"other"' })
  })
})

type Write = (fetch: Fetch, name: string) => Promise<CommitResult>

describe.each<[string, Write]>([
  ['commit', (fetch, name) => fresh.store.commit(john, fetch, newRoster(name))],
  ['confirm', (fetch) => fresh.store.confirm(john, fetch, {})],
])('%s', (_, write) => {
  test('G2: a fetch that began earlier does not write over one that began later', async () => {
    const older = await fresh.begin(john)
    const newer = await fresh.begin(john)
    expect(await fresh.store.commit(john, newer, newRoster('newer'))).toBe('ok')
    expect(await write(older, 'older')).toBe('superseded')
    expect((await fresh.store.read(john.jid))?.body.toString()).toBe(newRoster('newer').body)
    expect(await changes()).toHaveLength(1)
  })

  test('G2: it does not write before it either, and is told that the user is still open', async () => {
    const older = await fresh.begin(john, 'a')
    await fresh.begin(john)
    const { heard } = await fresh.listen('a')
    expect(await write(older, 'older')).toBe('superseded-open')
    expect(await fresh.store.read(john.jid)).toBeNull()
    expect(await heard()).toEqual([])
    expect(await fresh.redis.zrange(fresh.keys.open, '0', '-1')).toEqual([john.jid])
  })

  test('a superseded fetch whose generation failed since is settled', async () => {
    const older = await fresh.begin(john)
    const newer = await fresh.begin(john)
    await fresh.redis.set(fresh.keys.jobLock('job'), 'token')
    const failure = { code: 'backend-status', message: '' } as const
    await fresh.store.fail(john, newer, failure, { jobId: 'job', token: 'token' })
    expect(await write(older, 'older')).toBe('superseded')
  })

  test('G2: a fetch of a Redis that has lost its data since writes nothing into the next one', async () => {
    const lost = await fresh.begin(john)
    await fresh.redis.flushdb()
    expect(await write(lost, 'lost')).toBe('superseded-open')
    const next = await fresh.begin(john)
    expect([next.generation, next.fence]).toEqual([lost.generation, lost.fence])
    expect(await write(lost, 'lost')).toBe('superseded-open')
    expect(await fresh.store.read(john.jid)).toBeNull()
  })

  test('G1: what was asked for while the fetch ran stays open and unanswered', async () => {
    const { heard } = await fresh.listen('b')
    const fetch = await fresh.begin(john, 'a')
    await fresh.store.request(0, [john.jid], 'b')
    expect(await write(fetch, 'one')).toBe('ok')
    expect(await fresh.redis.zrange(fresh.keys.open, '0', '-1')).toEqual([john.jid])
    expect(await heard()).toMatchObject([{ wanted: 2, fetched: 1, failed: 0 }])
    expect(await fresh.store.begin(john)).toMatchObject({ kind: 'begun', generation: 2 })
  })

  test('a repeat, after an answer that was lost, does no harm', async () => {
    const fetch = await fresh.begin(john, 'a')
    await write(fetch, 'one')
    expect(await write(fetch, 'one')).toBe('ok')
    const { states } = await fresh.store.states(0, [john.jid])
    expect(states).toMatchObject([{ wanted: 1, fetched: 1, failed: 0 }])
  })
})
