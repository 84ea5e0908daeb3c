import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startBackend } from '../../../../test/support/backend.ts'
import type { Behaviour } from '../../../../test/support/backend-behaviours.ts'
import { startReceiver } from '../../../../test/support/http-receiver.ts'
import { changeOf, failureOf, targetConfig, targetDeps } from '../../../../test/support/notify-target.ts'
import { startRollcall } from '../../../../test/support/rollcall.ts'
import { startRosterAdminModule } from '../../../../test/support/roster-admin-module.ts'
import { prosodyNodes } from './prosody-nodes.ts'
import { prosodyRefresh } from './prosody-refresh.ts'
import type { NotifyTarget } from './target.ts'

const within = (ms: number): AbortSignal => AbortSignal.timeout(ms)
const PATIENCE_MS = 10_000
/** Of an attempt whose time is to be up: long enough for a sign of life in its second half. */
const SHORT_MS = 1_000

function prosodyAt(url: string, settings: object = {}): NotifyTarget {
  const target = prosodyRefresh(targetConfig('prosody-refresh', { urls: [url], ...settings }), targetDeps)
  onTestFinished(() => target.close())
  return target
}

const SUMMARY = { status: 'ok', message: 'roster update complete', updated: 2, errors: 0 }
const summary = (counts: object = {}): Behaviour => ({ kind: 'raw', body: JSON.stringify({ ...SUMMARY, ...counts }) })

const two = [changeOf('john'), changeOf('日本')]

async function backendFor(username: string, roster: object) {
  const backend = await startBackend({ contacts: 0 })
  onTestFinished(() => backend.close())
  backend.rosters.set(username, roster)
  return backend
}

describe('a node of Prosody', () => {
  it('is told usernames, with the domain as Host', async () => {
    const receiver = await startReceiver()
    receiver.answer(summary())
    const target = prosodyAt(`${receiver.url}/behind/a/proxy/`, { headers: { 'x-token': 'abc' } })
    expect(await target.notify(two, within(PATIENCE_MS))).toEqual([null, null])
    expect(receiver.requests).toMatchObject([
      {
        method: 'POST',
        url: '/behind/a/proxy/roster_admin/refresh',
        body: '["john","日本"]',
        headers: { host: 'example.org', 'content-type': 'application/json', 'x-token': 'abc' },
      },
    ])
  })

  it('is told of no more users at a time than configured', () => {
    expect(prosodyAt('http://127.0.0.1:5280').batchSize).toBe(50)
    expect(prosodyAt('http://127.0.0.1:5280', { batch: 7 }).batchSize).toBe(7)
  })

  it('is not asked for nobody, which it would never answer', async () => {
    expect(await prosodyAt('http://127.0.0.1:1').notify([], within(PATIENCE_MS))).toEqual([])
  })

  it('is one target, and several are several', () => {
    const urls = ['http://127.0.0.1:5280', 'http://127.0.0.2:5280']
    expect(() => prosodyRefresh(targetConfig('prosody-refresh', { urls }), targetDeps)).toThrow('a target of its own')
  })

  it('gets what changed from Rollcall, and pushes it to the client', async () => {
    const backend = await backendFor('john', { 'marie@example.org': { name: 'Marie' } })
    const env = { XMPP_DOMAIN: 'example.org' }
    const rollcall = await startRollcall({ rosterUrl: backend.template, env })
    onTestFinished(() => rollcall.stop())
    const module = await startRosterAdminModule({ rosterUrl: `${rollcall.api.url}/contacts/%s` })
    const john = await module.login('john')
    expect(john.contacts()).toEqual(['marie@example.org'])

    backend.rosters.set('john', { 'aaron@example.org': { name: 'Aaron', groups: ['Team'] } })
    await rollcall.refresh(['john'])
    expect(await prosodyAt(module.url).notify([changeOf('john'), changeOf('offline')], within(PATIENCE_MS))).toEqual([
      null,
      null,
    ])
    expect(module.refreshes).toEqual([['john', 'offline']])
    expect(john.pushes).toEqual([
      { jid: 'aaron@example.org', subscription: 'both', name: 'Aaron', groups: ['Team'] },
      { jid: 'marie@example.org', subscription: 'remove', groups: [] },
    ])
  })

  it('never holds up another one', async () => {
    const { url, ...dead } = await startRosterAdminModule({ rosterUrl: 'http://127.0.0.1:1/%s' })
    const { port } = new URL(url)
    const living = await startRosterAdminModule({ rosterUrl: 'http://127.0.0.1:1/%s', host: '127.0.0.2', port: +port })
    await dead.close()
    const config = targetConfig('prosody-refresh', { urls: [`http://prosody.internal:${port}`], everyAddress: true })
    const lookUp = async () => ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }))
    const nodes = await prosodyNodes(config, { log: targetDeps.log, lookUp }).list()
    const outcomes = nodes.map(async (node) => {
      const target = prosodyRefresh(node, targetDeps)
      onTestFinished(() => target.close())
      return failureOf(target.notify([changeOf('john')], within(PATIENCE_MS)))
    })
    expect(await Promise.all(outcomes)).toEqual([expect.objectContaining({ code: 'target-unreachable' }), undefined])
    expect(living.refreshes).toEqual([['john']])
  })
})

describe('a node that does not answer', () => {
  it.each<[string, (backend: Awaited<ReturnType<typeof startBackend>>) => unknown]>([
    ['since it does not reach its backend', (backend) => backend.stop()],
    ['since what it gets is no JSON', (backend) => backend.set('john', { kind: 'raw', body: '[' })],
    [
      'since it stumbles over groups',
      (backend) => backend.rosters.set('john', { 'a@example.org': { groups: ['Team'] } }),
    ],
  ])('%s, and lives: it is about these users', async (_, happens) => {
    const backend = await backendFor('john', {})
    const module = await startRosterAdminModule({ rosterUrl: backend.template })
    await module.login('john')
    await happens(backend)
    const target = prosodyAt(module.url, { timeoutMs: SHORT_MS })
    const error = await failureOf(target.notify([changeOf('john'), changeOf('aaron')], within(SHORT_MS)))
    expect(error).toMatchObject({ code: 'target-timeout', scope: 'user', isTemporary: true })
    expect(await target.notify([changeOf('aaron')], within(PATIENCE_MS))).toEqual([null])
  })

  it('anything: it is about all', async () => {
    const module = await startRosterAdminModule({ rosterUrl: 'http://127.0.0.1:1/%s' })
    module.freeze()
    const target = prosodyAt(module.url, { timeoutMs: SHORT_MS })
    expect(await failureOf(target.notify(two, within(SHORT_MS)))).toMatchObject({
      code: 'target-timeout',
      scope: 'target',
    })
    module.freeze(false)
    expect(await target.notify(two, within(PATIENCE_MS))).toEqual([null, null])
  })

  it('in time is asked for nothing else when it has answered by half of it', async () => {
    const receiver = await startReceiver()
    receiver.answer(summary())
    await prosodyAt(receiver.url, { timeoutMs: 100 }).notify(two, within(PATIENCE_MS))
    receiver.answer({ kind: 'hold', until: pause(100), next: summary() })
    await prosodyAt(receiver.url).notify(two, within(PATIENCE_MS))
    expect(receiver.requests.map(({ method }) => method)).toEqual(['POST', 'POST'])
  })
})

describe('an answer', () => {
  const answered = async (behaviour: Behaviour, ms = PATIENCE_MS): Promise<unknown> => {
    const receiver = await startReceiver()
    receiver.answer(behaviour)
    return failureOf(prosodyAt(receiver.url).notify(two, within(ms)))
  }

  it('with errors does not say whose: each has to be told alone', async () => {
    expect(await answered(summary({ updated: 1, errors: 1 }))).toMatchObject({
      code: 'target-refused',
      scope: 'user',
      isTemporary: true,
      message: expect.stringContaining('could not fetch 1 of 2 rosters'),
    })
  })

  it.each<[string, Behaviour]>([
    ['500, when its Lua stumbles', { kind: 'raw', status: 500, body: '<html>' }],
    ['400', 400],
  ])('of %s is about these users', async (_, behaviour) => {
    expect(await answered(behaviour)).toMatchObject({ code: 'target-refused', scope: 'user', isTemporary: true })
  })

  it.each<[number, string]>([
    [404, 'target-domain-unknown'],
    [401, 'target-unauthorised'],
    [503, 'target-overloaded'],
    [502, 'target-unreachable'],
    [302, 'target-refused'],
  ])('of %i is about all: %s', async (status, code) => {
    expect(await answered(status)).toMatchObject({ code, scope: 'target' })
  })

  it.each<[string, Behaviour]>([
    ['a page', { kind: 'raw', body: '<html>' }],
    ['nothing', 200],
    ['other JSON', { kind: 'raw', body: '[]' }],
    ['a summary of others', summary({ updated: 7 })],
    ['30 MB', { kind: 'big', bytes: 30e6, announced: false }],
    ['a part', { kind: 'reset-mid-body' }],
  ])('of %s makes no sense', async (_, behaviour) => {
    expect(await answered(behaviour)).toMatchObject({ code: 'target-answer-invalid', scope: 'target' })
  })

  it('that comes byte by byte is none in time', async () => {
    expect(await answered({ kind: 'drip', everyMs: 200 }, SHORT_MS)).toMatchObject({ code: 'target-timeout' })
  })
})
