import { type BareJid, OpsChange, OpsChangePage } from '@rollcall/roster'
import { shardKeys, shardOf } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startBackend, type TestBackend } from '../support/backend.ts'
import { listenTo, type ServerSentEvent } from '../support/event-source.ts'
import { type Rollcall, startRollcall, twoDomains } from '../support/rollcall.ts'
import { bearer, tokenFor, tokensOf } from '../support/tokens.ts'

const SHARDS = 3
const operator = tokenFor('operator', ['view', 'notify'])
const ofOne = tokenFor('of-one', ['view'], ['one.example'])

let backend: TestBackend
let rollcall: Rollcall
let redis: Redis

beforeEach(async () => {
  backend = await startBackend()
  rollcall = await startRollcall({
    rosterUrl: backend.template,
    env: { SHARDS: String(SHARDS), TOKENS: tokensOf(operator, ofOne) },
    file: twoDomains('two.example'),
  })
  redis = new Redis(rollcall.redisUrl)
})
afterEach(async () => {
  redis.disconnect()
  await rollcall.stop()
  await backend.close()
})

const authorization = (token = operator) => bearer(token)
const ask = (path: string, token = operator) => rollcall.send(`/ops/api${path}`, { headers: authorization(token) })
const pageOf = async (query = '', token = operator) =>
  OpsChangePage.parse((await ask(`/changes?${query}`, token)).json())
const refresh = (...users: string[]) => rollcall.refresh(users, authorization())
const live = (query = '', token = operator) =>
  listenTo(`${rollcall.api.url}/ops/api/changes/live?${query}`, authorization(token))

/** Writes entries as a commit does, each of the next ms. */
async function write(user: string, count: number, from = 1_000_000): Promise<void> {
  const { changes } = shardKeys(shardOf(user as BareJid, SHARDS))
  const diff = JSON.stringify({ added: [], updated: [], removed: [], counts: { added: 0, updated: 0, removed: 0 } })
  const pipeline = redis.pipeline()
  for (let i = 0; i < count; i++) pipeline.xadd(changes, `${from + i}-0`, 'user', user, 'version', i + 1, 'diff', diff)
  await pipeline.exec()
}

describe('what changed', () => {
  test('is listed over all shards, the newest first, with who and what', async () => {
    for (const user of ['john', 'mary', 'paul', 'anna']) await refresh(user)
    const { changes, next } = await pageOf()
    expect(changes.map(({ user }) => user)).toEqual(
      ['anna', 'paul', 'mary', 'john'].map((name) => `${name}@two.example`),
    )
    expect(new Set(changes.map(({ shard }) => shard)).size).toBeGreaterThan(1)
    expect(changes[0]).toMatchObject({ version: 1, counts: { added: 2, updated: 0, removed: 0 } })
    expect(changes[0]?.added.map(({ jid }) => jid)).toEqual(['contact0@example.org', 'contact1@example.org'])
    expect(next).toBe(null)
  })

  test('is given in pages that follow each other without gap or repeat, also where shards changed in the same ms', async () => {
    const users = Array.from({ length: 12 }, (_, i) => `user-${i}@two.example`)
    expect(new Set(users.map((user) => shardOf(user as BareJid, SHARDS))).size).toBe(SHARDS)
    for (const [i, user] of users.entries()) await write(user, 10, 1_000_000 + i * 1000)
    await write('emil@two.example', 40, 2_000_000)
    const others = users.filter(
      (user) => shardOf(user as BareJid, SHARDS) !== shardOf('emil@two.example' as BareJid, SHARDS),
    )
    await write(others[0] ?? '', 40, 2_000_000)
    const seen: string[] = []
    const times: string[] = []
    let before = ''
    for (;;) {
      const page = await pageOf(`limit=7&before=${before}`)
      seen.push(...page.changes.map(({ id, shard }) => `${shard}/${id}`))
      times.push(...page.changes.map(({ at }) => at))
      if (page.next === null) break
      before = page.next
    }
    expect(seen).toHaveLength(200)
    expect(new Set(seen).size).toBe(200)
    expect(times).toEqual(times.toSorted().reverse())
  })

  test('of one user is found behind whatever many changes of others', async () => {
    await refresh('john')
    backend.rosters.set('john', {})
    await refresh('john')
    const { shard } = (await pageOf('user=john')).changes[0] ?? { shard: 0 }
    const others = Array.from({ length: 50 }, (_, i) => `o${i}@two.example`)
    const beside = others.find((user) => shardOf(user as BareJid, SHARDS) === shard) ?? ''
    await write(beside, 6000, Date.now() + 1000)
    for (const query of ['user=JOHN', 'user=john@two.example', 'user=john&domain=two.example'])
      expect((await pageOf(query)).changes.map(({ version }) => version)).toEqual([2, 1])
    const first = await pageOf('user=john&limit=1')
    expect(first.changes.map(({ version }) => version)).toEqual([2])
    const second = await pageOf(`user=john&before=${first.next}`)
    expect(second).toMatchObject({ changes: [{ version: 1 }], next: null })
    expect((await pageOf('user=john&domain=one.example')).changes).toEqual([])
  })

  test('of one domain is looked for so far at a time, and goes on from there', async () => {
    await write('rare@one.example', 1, 1_000_000)
    const others = Array.from({ length: 50 }, (_, i) => `o${i}@two.example`)
    for (let shard = 0; shard < SHARDS; shard++) {
      const user = others.find((one) => shardOf(one as BareJid, SHARDS) === shard) ?? ''
      await write(user, 2000, 2_000_000)
    }
    const first = await pageOf('domain=one.example')
    expect(first.changes).toEqual([])
    expect(first.next).not.toBe(null)
    const second = await pageOf(`domain=one.example&before=${first.next}`)
    expect(second).toMatchObject({ changes: [{ user: 'rare@one.example' }], next: null })
  })

  test('leaves out what cannot be read', async () => {
    await redis.xadd(shardKeys(0).changes, '5-0', 'user', 'john@two.example', 'version', '1', 'diff', 'no JSON')
    await redis.xadd(shardKeys(0).changes, '6-0', 'by', 'hand')
    await write('mary@two.example', 1, 1_000_000)
    expect((await pageOf()).changes.map(({ user }) => user)).toEqual(['mary@two.example'])
  })

  test('is shown of the domains that the caller may view, and of no other', async () => {
    await refresh('john', 'john@one.example')
    expect((await pageOf('', ofOne)).changes.map(({ user }) => user)).toEqual(['john@one.example'])
    expect((await pageOf('domain=*', ofOne)).changes.map(({ user }) => user)).toEqual(['john@one.example'])
    for (const query of ['domain=two.example', 'user=john', 'user=john@two.example'])
      for (const path of ['/changes', '/changes/live']) expect((await ask(`${path}?${query}`, ofOne)).status).toBe(403)
    for (const query of ['before=x', 'before=1-1', 'limit=0', 'limit=101', 'user=%40', 'domain=-'])
      expect((await ask(`/changes?${query}`)).status, query).toBe(400)
  })
})

describe('what changes now', () => {
  const changesOf = (events: readonly { event: string; data: string }[]) =>
    events.filter(({ event }) => event === 'change').map(({ data }) => OpsChange.parse(JSON.parse(data)))

  test('is told as it happens, to each who listens what he asked for', async () => {
    await refresh('before')
    const [all, john, one, notMine] = await Promise.all([
      live(),
      live('user=john'),
      live('domain=one.example'),
      live('', ofOne),
    ])
    await refresh('john', 'mary', 'john@one.example')
    await Promise.all([
      all.until((events) => changesOf(events).length === 3),
      ...[john, one, notMine].map((it) => it.until((events) => changesOf(events).length === 1)),
    ])
    expect(
      changesOf(all.events)
        .map(({ user }) => user)
        .sort(),
    ).toEqual(['john@one.example', 'john@two.example', 'mary@two.example'])
    expect(changesOf(john.events)).toMatchObject([{ user: 'john@two.example', version: 1, counts: { added: 2 } }])
    expect(changesOf(one.events)).toMatchObject([{ user: 'john@one.example' }])
    expect(changesOf(notMine.events)).toMatchObject([{ user: 'john@one.example' }])
  })

  test('is told also behind what cannot be read', async () => {
    const listener = await live()
    await redis.xadd(shardKeys(0).changes, '*', 'by', 'hand')
    await refresh('john')
    await listener.until((events) => changesOf(events).length === 1)
  })

  test('is counted where more comes than anybody can read', async () => {
    const listener = await live()
    await write('john@two.example', 1500, Date.now())
    const counted = (events: readonly { event: string; data: string }[]) =>
      events.reduce((sum, { event, data }) => sum + (event === 'skipped' ? JSON.parse(data).count : 0), 0) +
      changesOf(events).length
    await listener.until((events) => counted(events) === 1500)
    expect(changesOf(listener.events).length).toBeLessThanOrEqual(300)
    await refresh('mary')
    await listener.until((events) => changesOf(events).at(-1)?.user === 'mary@two.example')
  })

  describe('is gone on with by whoever was cut off', () => {
    const headersOf = (place: string) => ({ ...authorization(), 'last-event-id': place })
    const placeIn = (events: readonly ServerSentEvent[]) => events.findLast(({ event }) => event === 'place')?.id ?? ''
    const versionsIn = (events: readonly ServerSentEvent[]) => changesOf(events).map(({ version }) => version)

    test('at an api that was started meanwhile: without a gap, and nothing twice', async () => {
      const before = await live()
      await write('mary@two.example', 3)
      await before.until((events) => changesOf(events).length === 3 && events.at(-1)?.event === 'place')
      await rollcall.api.stop()
      await before.ended
      await write('mary@two.example', 200, 2_000_000)
      const { url } = await rollcall.startApi()
      const place = placeIn(before.events)
      for (const after of [
        await listenTo(`${url}/ops/api/changes/live`, headersOf(place)),
        await listenTo(`${url}/ops/api/changes/live?after=${place}`, authorization()),
      ]) {
        await after.until((events) => changesOf(events).length === 200)
        expect(versionsIn(after.events)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
      }
      const after = await listenTo(`${url}/ops/api/changes/live`, headersOf(place))
      await write('mary@two.example', 2, 3_000_000)
      await after.until((events) => changesOf(events).length === 202)
      expect(after.events.map(({ event }) => event)).not.toContain('gap')
      const mine = await listenTo(`${url}/ops/api/changes/live?after=${place}`, authorization(ofOne))
      await mine.until((events) => events.some(({ event }) => event === 'place'))
      expect(mine.events.map(({ event }) => event)).toEqual(['place'])
    })

    test('and is told so when the log no longer has it all, or more has come than can be told at once', async () => {
      const before = await live()
      await write('mary@two.example', 1)
      await before.until((events) => changesOf(events).length === 1 && events.at(-1)?.event === 'place')
      const [place, start] = [placeIn(before.events), placeIn(before.events.slice(0, 1))]
      await write('mary@two.example', 500, 2_000_000)
      await before.until((events) => placeIn(events).includes((2_000_499).toString(36)))
      for (const [at, first] of [
        [place, 'change'],
        [start, 'gap'],
        ['0.0', 'gap'],
      ] as const) {
        const after = await listenTo(`${rollcall.api.url}/ops/api/changes/live`, headersOf(at))
        const [event] = await after.until((events) => events.length > 0)
        expect(event?.event, at).toBe(first)
      }
      await redis.xtrim(shardKeys(shardOf('mary@two.example' as BareJid, SHARDS)).changes, 'MAXLEN', 10)
      const after = await listenTo(`${rollcall.api.url}/ops/api/changes/live`, headersOf(place))
      const [event] = await after.until((events) => events.length > 0)
      expect(event?.event).toBe('gap')
    })
  })
})
