import { type BareJid, OpsUser } from '@rollcall/roster'
import { startHeartbeat, targetLog } from '@rollcall/runtime'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { opsUsersOf } from '../support/ops-users.ts'
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
  env: { SHARDS: String(SHARDS), TOKENS: tokensOf(operator, viewer, ofOne) },
  file: { ...twoDomains('two.example'), targets: { hook, other: { ...hook, domain: 'one.example' } } },
})
beforeEach(() => backend.rosters.clear())

const { ask, refresh, shardFor, keysFor } = opsUsersOf(rollcall, operator)
const jid = (text: string) => text as BareJid

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
