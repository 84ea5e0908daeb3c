import { type BareJid, type Domain, OpsComparison, RefreshSummary } from '@rollcall/roster'
import { beforeEach, describe, expect, test } from 'vitest'
import { nameOf } from '../../packages/runtime/src/store/names.ts'
import { opsUsersOf } from '../support/ops-users.ts'
import { rollcallOfFile, twoDomains } from '../support/rollcall.ts'
import { tokenFor, tokensOf } from '../support/tokens.ts'

const SHARDS = 3
const operator = tokenFor('operator', ['view', 'operate', 'notify', 'read'])

const { backend, rollcall, redis } = await rollcallOfFile({
  env: { SHARDS: String(SHARDS), TOKENS: tokensOf(operator) },
  file: twoDomains('two.example'),
})
beforeEach(() => backend.rosters.clear())

const { ask, refresh, keysFor } = opsUsersOf(rollcall, operator)
const jid = (text: string) => text as BareJid

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
