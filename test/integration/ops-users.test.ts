import { type BareJid, type Domain, OpsComparison, OpsUser, OpsUserPage, RefreshSummary } from '@rollcall/roster'
import { shardKeys, shardOf, startHeartbeat, targetLog } from '@rollcall/runtime'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { nameOf } from '../../packages/runtime/src/store/names.ts'
import { rollcallOfFile, twoDomains } from '../support/rollcall.ts'
import { tokenFor, tokensOf } from '../support/tokens.ts'

const SHARDS = 3
const operator = tokenFor('operator', ['view', 'operate', 'notify', 'read'])
const viewer = tokenFor('viewer', ['view'])
const ofOne = tokenFor('of-one', ['view', 'operate'], ['one.example'])

const hook = {
  type: 'webhook',
  url: 'http://127.0.0.1:9/',
  secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
}
const { backend, rollcall, redis } = await rollcallOfFile({
  env: {
    SHARDS: String(SHARDS),
    REFRESH_DEADLINE_MS: '20000',
    TOKENS: tokensOf(operator, viewer, ofOne),
  },
  file: { ...twoDomains('two.example'), targets: { hook, other: { ...hook, domain: 'one.example' } } },
})
beforeEach(() => backend.rosters.clear())

const ask = (path: string, method = 'GET', { token }: { token: string } = operator) =>
  rollcall.send(`/ops/api${path}`, { method, headers: { authorization: `Bearer ${token}` } })
const refresh = (...users: string[]) => rollcall.refresh(users, { authorization: `Bearer ${operator.token}` })
const jid = (text: string) => text as BareJid
const shardFor = (user: string) => shardOf(jid(user), SHARDS)
const keysFor = (user: string) => shardKeys(shardFor(user))

describe('searching', () => {
  const names = async (query: string, token = operator) => {
    const page = OpsUserPage.parse((await ask(`/users?${query}`, 'GET', token)).json())
    return page.users.map((user) => user.jid)
  }

  beforeAll(async () => {
    await refresh('anna', 'anne', 'ann', 'zoë', 'ann@one.example', 'ansgar@one.example')
  })

  test('finds whose name begins so, in the default domain, in the order of the names, over all shards', async () => {
    expect(new Set(['ann', 'anna', 'anne'].map((name) => shardFor(`${name}@two.example`))).size).toBeGreaterThan(1)
    expect(await names('prefix=ann')).toEqual(['ann@two.example', 'anna@two.example', 'anne@two.example'])
    expect(await names('prefix=anna')).toEqual(['anna@two.example'])
    expect(await names('prefix=b')).toEqual([])
    expect(await names('')).toEqual(['ann@two.example', 'anna@two.example', 'anne@two.example', 'zoë@two.example'])
  })

  test('takes the beginning of a name as names are written, with capitals and accents', async () => {
    expect(await names('prefix=ANNA')).toEqual(['anna@two.example'])
    expect(await names(`prefix=${encodeURIComponent(' ZOË ')}`)).toEqual(['zoë@two.example'])
    expect(await names(`prefix=${encodeURIComponent('zoe\u0308')}`)).toEqual(['zoë@two.example'])
    expect(await names(`prefix=${encodeURIComponent('.')}`)).toEqual([])
    expect(await names(`prefix=${'x'.repeat(5000)}`)).toEqual([])
  })

  test('in another domain, in all, and by the beginning of a JID', async () => {
    expect(await names('prefix=an&domain=one.example')).toEqual(['ann@one.example', 'ansgar@one.example'])
    expect(await names('prefix=ann&domain=*')).toEqual([
      'ann@one.example',
      'ann@two.example',
      'anna@two.example',
      'anne@two.example',
    ])
    expect(await names(`prefix=${encodeURIComponent('ann@')}`)).toEqual(['ann@one.example', 'ann@two.example'])
    expect(await names(`prefix=${encodeURIComponent('Ann@TW')}`)).toEqual(['ann@two.example'])
    expect(await names(`prefix=${encodeURIComponent('ann@one.example')}&domain=two.example`)).toEqual([
      'ann@one.example',
    ])
  })

  test('gives pages, which follow each other without gap or repeat', async () => {
    const seen: string[] = []
    let after = ''
    for (;;) {
      const page = OpsUserPage.parse((await ask(`/users?domain=*&limit=2&after=${encodeURIComponent(after)}`)).json())
      expect(page.users.length).toBeLessThanOrEqual(2)
      seen.push(...page.users.map((user) => user.jid))
      if (page.next === null) break
      after = page.next
    }
    expect(seen).toEqual([
      'ann@one.example',
      'ansgar@one.example',
      'ann@two.example',
      'anna@two.example',
      'anne@two.example',
      'zoë@two.example',
    ])
  })

  test('says what is stored of each', async () => {
    backend.set('anne', 400)
    await refresh('anne')
    const { users } = OpsUserPage.parse((await ask('/users?prefix=ann')).json())
    expect(users.map(({ contacts, version, isStale }) => ({ contacts, version, isStale }))).toEqual([
      { contacts: 2, version: 1, isStale: false },
      { contacts: 2, version: 1, isStale: false },
      { contacts: 2, version: 1, isStale: true },
    ])
  })

  test('shows nobody of a domain that is not for the caller', async () => {
    expect(await names('prefix=ann&domain=*', ofOne)).toEqual(['ann@one.example'])
    expect(await names('prefix=ann', ofOne)).toEqual(['ann@one.example'])
    expect(await names(`prefix=${encodeURIComponent('ann@two.example')}`, ofOne)).toEqual([])
    expect((await ask('/users?domain=two.example', 'GET', ofOne)).status).toBe(403)
  })

  test('refuses what it does not understand', async () => {
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'after=%40', 'domain=%20'])
      expect((await ask(`/users?${query}`)).status, query).toBe(400)
  })

  test('leaves out who was left in another shard when SHARDS was changed', async () => {
    const user = 'annika@two.example'
    const other = shardKeys((shardFor(user) + 1) % SHARDS)
    await redis.zadd(other.names, 0, nameOf('two.example' as Domain, 'annika'))
    await redis.hset(other.roster(jid(user)), { state: '1 1 0', contacts: 1 })
    expect(await names('prefix=annik')).toEqual([])
  })
})

describe('a user', () => {
  const show = async (user: string) => OpsUser.parse((await ask(`/users/${encodeURIComponent(user)}`)).json())

  test('is shown as stored, with the last changes and how far the refreshes have come', async () => {
    const contact = (name: string) => ({ 'marie@two.example': { name, groups: [], subscription: 'both' } })
    for (const name of ['Marie', 'Maria']) {
      backend.rosters.set('paul', contact(name))
      await refresh('paul')
    }
    // A job ends after whoever waits for it has been told.
    await expect.poll(async () => (await show('paul')).job).toBe(null)
    const paul = await show('PAUL')
    expect(paul).toMatchObject({
      jid: 'paul@two.example',
      username: 'paul',
      domain: 'two.example',
      shard: shardFor('paul@two.example'),
      stored: { version: 2, isStale: false, contacts: [{ jid: 'marie@two.example', name: 'Maria' }] },
      refresh: { wanted: 2, fetched: 2, failed: 0, repairs: 0, waiting: [] },
      job: null,
      hasOlderChanges: false,
    })
    expect(paul.changes.map(({ version, counts }) => ({ version, counts }))).toEqual([
      { version: 2, counts: { added: 0, updated: 1, removed: 0 } },
      { version: 1, counts: { added: 1, updated: 0, removed: 0 } },
    ])
    expect(paul.changes[0]?.updated).toMatchObject([{ jid: 'marie@two.example', name: 'Maria' }])
    expect(paul.refresh).not.toHaveProperty('failure')
  })

  test('says why the last fetch failed, and when it is tried again', async () => {
    const { failedGroup } = keysFor('fritz@two.example')
    const inGroup = () => redis.zscore(failedGroup('backend-status:two.example'), 'fritz@two.example')
    await refresh('fritz')
    backend.set('fritz', 400)
    await refresh('fritz')
    const { stored, refresh: state } = await show('fritz')
    expect(stored).toMatchObject({ isStale: true, version: 1 })
    expect(state).toMatchObject({ failure: { code: 'backend-status', message: 'The backend answered 400' } })
    expect(Date.parse(state.nextRepairAt ?? '')).toBeGreaterThan(Date.now())
    expect(Math.abs(Date.parse(state.failure?.at ?? '') - Date.now())).toBeLessThan(60_000)
    expect(await inGroup()).not.toBe(null)
    await ask('/users/fritz/drop', 'POST')
    expect(await inGroup()).toBe(null)
    backend.set('fritz', { kind: 'good' })
  })

  test('whose roster is not stored is shown when anything is known of him', async () => {
    const running = backend.hold('vera')
    const answered = refresh('vera')
    await backend.arrived('vera')
    const vera = await show('vera')
    expect(vera).toMatchObject({ stored: null, job: { state: 'active', priority: 10, attempt: 0 }, changes: [] })
    expect(vera.refresh.openSince).toBeDefined()
    expect(vera.refresh.waiting).toHaveLength(1)
    running.release()
    await answered
    await expect.poll(() => show('vera')).toMatchObject({ stored: { version: 1 }, job: null })
  })

  test('of whom nothing is known is not found', async () => {
    const answer = await ask('/users/nobody')
    expect(answer.status).toBe(404)
    expect(answer.json().detail).toBe(
      'Nothing is known of nobody@two.example: no roster is stored, and nobody has asked for it',
    )
    expect((await ask('/users/a%20b')).status).toBe(400)
  })

  test('of another domain is not for the caller', async () => {
    expect((await ask('/users/paul', 'GET', ofOne)).status).toBe(403)
    for (const action of ['refresh', 'compare', 'drop']) {
      expect((await ask(`/users/paul/${action}`, 'POST', ofOne)).status).toBe(403)
      expect((await ask(`/users/paul/${action}`, 'POST', viewer)).status).toBe(403)
    }
  })

  test('has at most 20 changes, and says that there were more', async () => {
    for (let i = 0; i < 22; i++) {
      backend.rosters.set('otto', { 'a@two.example': { name: `Name ${i}`, subscription: 'both' } })
      await refresh('otto')
    }
    const { changes, hasOlderChanges } = await show('otto')
    expect(changes.map(({ version }) => version)).toEqual(Array.from({ length: 20 }, (_, i) => 22 - i))
    expect(hasOlderChanges).toBe(true)
    await redis.xtrim(keysFor('otto@two.example').changes, 'MAXLEN', 1)
    expect(await show('otto')).toMatchObject({ changes: [{ version: 22 }], hasOlderChanges: true })
  })

  test('is shown with what came of bringing him to each target of his domain', async () => {
    await refresh('tina', 'tina@one.example')
    const log = targetLog({ redis, target: 'hook', shard: shardFor('tina@two.example') })
    const attempt = { user: jid('tina@two.example'), version: 1, at: new Date().toISOString(), attempt: 1 }
    await log.record({ ...attempt, result: 'arrived' })
    await log.record({ ...attempt, result: 'failed', code: 'target-unreachable', message: 'connection refused' })
    for (let i = 0; i < 600; i++) await log.record({ ...attempt, user: jid(`u${i}@two.example`), result: 'arrived' })
    await log.owe(jid('tina@two.example'), Date.now())
    expect((await show('tina')).deliveries).toEqual([
      {
        target: 'hook',
        state: 'unserved',
        isWaiting: false,
        isOwed: true,
        last: {
          at: attempt.at,
          result: 'failed',
          version: 1,
          code: 'target-unreachable',
          message: 'connection refused',
        },
      },
    ])
    expect((await show('tina@one.example')).deliveries).toEqual([
      { target: 'other', state: 'unserved', isWaiting: false, isOwed: false },
    ])
  })

  test('is shown as waiting for a target that takes nothing, and why it does not', async () => {
    const shard = shardFor('uwe@two.example')
    const log = targetLog({ redis, target: 'hook', shard })
    await refresh('uwe')
    const [[id = ''] = []] = await redis.xrevrange(keysFor('uwe@two.example').changes, '+', '-', 'COUNT', 1)
    const epoch = (await redis.get(keysFor('uwe@two.example').epoch)) ?? ''
    const lastError = { code: 'target-unreachable', message: 'refused', at: new Date().toISOString() } as const
    const counts = { lagMs: 1, waiting: 1, delivered: 0, rejected: 0, owed: 0, writes: 0, drifted: 0 }
    const state = { state: 'unavailable', holder: 'gateway-1', at: lastError.at, ...counts, lastError } as const
    await log.writeState(state)
    await log.writePosition({ epoch, id: `${Number(id.split('-', 1)) - 1}-0` })
    const stop = startHeartbeat({
      redis,
      id: 'gateway-1',
      role: 'gateway',
      version: '0',
      shards: 1,
      intervalMs: 60_000,
    })
    onTestFinished(stop)
    const shown = async () => (await show('uwe')).deliveries.find(({ target }) => target === 'hook')
    await expect
      .poll(shown)
      .toEqual({ target: 'hook', state: 'unavailable', trouble: lastError, isWaiting: true, isOwed: false })
    const attempt = { user: jid('uwe@two.example'), at: lastError.at, attempt: 1 }
    await log.record({ ...attempt, version: 1, result: 'failed' })
    expect(await shown()).toMatchObject({ isWaiting: true, last: { result: 'failed' } })
    await log.record({ ...attempt, version: 1, result: 'arrived' })
    expect(await shown()).toMatchObject({ isWaiting: false, last: { result: 'arrived' } })
    await log.writePosition({ epoch, id })
    expect(await shown()).toMatchObject({ isWaiting: false })
  })
})

describe('refreshing', () => {
  const press = (user: string) => ask(`/users/${encodeURIComponent(user)}/refresh`, 'POST')

  test('fetches the roster now, and tells how it went', async () => {
    const answer = await press('rosa')
    expect(answer.status).toBe(200)
    expect(RefreshSummary.parse(answer.json())).toMatchObject({ status: 'ok', updated: 1, changed: 1, errors: 0 })
    expect(await redis.hget(keysFor('rosa@two.example').roster(jid('rosa@two.example')), 'contacts')).toBe('2')
    backend.set('rosa', 400)
    expect(RefreshSummary.parse((await press('rosa')).json())).toMatchObject({
      status: 'error',
      errors: 1,
      failures: [{ username: 'rosa', code: 'backend-status' }],
    })
  })

  test('of a domain without a backend is refused', async () => {
    const answer = await press('rosa@elsewhere.example')
    expect(answer.status).toBe(404)
    expect(answer.json().detail).toContain('elsewhere.example is not configured here')
    const [last] = (await ask('/audit')).json<{ entries: object[] }>().entries
    expect(last).toMatchObject({ what: 'rosa@elsewhere.example', result: 'refused' })
  })
})

describe('comparing with the backend', () => {
  const compare = async (user: string) =>
    OpsComparison.parse((await ask(`/users/${encodeURIComponent(user)}/compare`, 'POST')).json())

  test('says what differs, and stores nothing', async () => {
    const contact = (name: string) => ({ name, groups: [], subscription: 'both' })
    backend.rosters.set('emil', { 'a@x.example': contact('A'), 'b@x.example': contact('B') })
    await refresh('emil')
    expect(await compare('emil')).toMatchObject({ kind: 'same' })
    backend.rosters.set('emil', { 'b@x.example': contact('Berta'), 'c@x.example': contact('C') })
    const before = await redis.hgetall(keysFor('emil@two.example').user(jid('emil@two.example')))
    expect(await compare('emil')).toEqual({
      kind: 'differs',
      tookMs: expect.any(Number),
      added: [{ jid: 'c@x.example', name: 'C', groups: [], subscription: 'both' }],
      updated: [{ jid: 'b@x.example', name: 'Berta', groups: [], subscription: 'both' }],
      removed: ['a@x.example'],
    })
    expect(await redis.hgetall(keysFor('emil@two.example').user(jid('emil@two.example')))).toEqual(before)
    const request = backend.requests.at(-1)
    expect(request?.headers).not.toHaveProperty('if-none-match')
  })

  test('with nothing stored, all of it differs', async () => {
    expect(await compare('neu')).toMatchObject({ kind: 'differs', removed: [], updated: [] })
    expect((await ask('/users/neu')).status).toBe(404)
  })

  test('tells why the backend gave none', async () => {
    backend.set('ida', 500)
    expect(await compare('ida')).toMatchObject({ kind: 'failed', code: 'backend-status' })
    backend.set('ida', 410)
    expect(await compare('ida')).toMatchObject({ kind: 'failed', code: 'user-unknown' })
  })

  test('happens a few at a time, and no more', async () => {
    const running = backend.hold('*')
    const waiting = [1, 2, 3, 4].map((i) => compare(`many${i}`))
    await Promise.all([1, 2, 3, 4].map((i) => backend.arrived(`many${i}`)))
    expect((await ask('/users/many5/compare', 'POST')).status).toBe(503)
    running.release()
    expect((await Promise.all(waiting)).map(({ kind }) => kind)).toEqual(Array(4).fill('differs'))
    expect((await compare('many5')).kind).toBe('differs')
  })
})

describe('dropping', () => {
  const press = async (user: string) => (await ask(`/users/${user}/drop`, 'POST')).json()

  test('takes the roster away, which is fetched when it is next read', async () => {
    const gone = jid('gone@two.example')
    const keys = keysFor(gone)
    await refresh('gone')
    const changes = await redis.xlen(keys.changes)
    expect(await press('gone')).toEqual({ dropped: true })
    expect(await redis.exists(keys.roster(gone))).toBe(0)
    expect(await redis.zscore(keys.stored, gone)).toBe(null)
    expect(await redis.zscore(keys.names, nameOf('two.example' as Domain, 'gone'))).toBe(null)
    expect(await redis.xlen(keys.changes)).toBe(changes)
    expect(await press('gone')).toEqual({ dropped: false })
    const read = await rollcall.send('/contacts/gone', { headers: { authorization: `Bearer ${operator.token}` } })
    expect(read.status).toBe(200)
    expect(await redis.hget(keys.user(gone), 'version')).toBe('2')
  })

  test('G2: a fetch that had compared with what was dropped stores nothing, and another one follows', async () => {
    const john = jid('john@two.example')
    await refresh('john')
    const running = backend.hold('john')
    const answered = refresh('john')
    await backend.arrived('john', 2)
    expect(await press('john')).toEqual({ dropped: true })
    running.release()
    expect((await answered).body).toMatchObject({ updated: 1 })
    expect(backend.requests.filter(({ username }) => username === 'john').length).toBeGreaterThanOrEqual(3)
    expect(await redis.hget(keysFor(john).roster(john), 'contacts')).toBe('2')
  })
})
