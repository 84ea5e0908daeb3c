import { readFileSync } from 'node:fs'
import { BareJid, V1Contact, WebhookPayload } from '@rollcall/roster'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Behaviour } from '../../../../test/support/backend-behaviours.ts'
import { type ReceivedRequest, startReceiver } from '../../../../test/support/http-receiver.ts'
import { changeOf, failureOf, targetConfig, targetDeps } from '../../../../test/support/notify-target.ts'
import type { NotifyTarget } from './target.ts'
import { webhook } from './webhook.ts'

const secretOf = (letter: string): string => `whsec_${Buffer.alloc(32, letter).toString('base64')}`
const SECRET = secretOf('a')

const within = (ms: number): AbortSignal => AbortSignal.timeout(ms)
const PATIENCE_MS = 10_000
const SHORT_MS = 300

function webhookTo(url: string, settings: object = {}): NotifyTarget {
  const target = webhook(targetConfig('webhook', { url, secret: SECRET, ...settings }), targetDeps)
  onTestFinished(() => target.close())
  return target
}

/** As a receiver does it; the clock of the message may be another one. */
const verified = ({ body, headers }: ReceivedRequest, secret = SECRET): unknown =>
  new Webhook(secret).verify(body, headers as Record<string, string>)

async function toldOf(...changes: Parameters<typeof changeOf>[]): Promise<ReceivedRequest[]> {
  const receiver = await startReceiver()
  const target = webhookTo(`${receiver.url}/hooks/rosters?from=rollcall`)
  for (const change of changes) await target.notify([changeOf(...change)], within(PATIENCE_MS))
  return receiver.requests
}

describe('a message', () => {
  it('says whose roster changed, and what', async () => {
    const aaron = V1Contact.parse({ jid: 'aaron@example.org', groups: ['Team'], subscription: 'both' })
    const change = { added: [aaron], updated: [], removed: [BareJid.parse('marie@example.org')] }
    const [message] = await toldOf(['john', { version: 7, change }])
    expect(message).toMatchObject({ method: 'POST', url: '/hooks/rosters?from=rollcall' })
    expect(message?.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'rollcall/1.2.3' })
    expect(WebhookPayload.parse(JSON.parse(message?.body ?? ''))).toMatchObject({
      type: 'roster.changed',
      timestamp: '2023-11-14T22:13:20.000Z',
      data: { username: 'john', domain: 'example.org', version: 7, ...change },
    })
  })

  it('is what the documentation shows', () => {
    const page = readFileSync(new URL('../../../../docs/webhooks.md', import.meta.url), 'utf8')
    const shown = /```json\n(\{\n {2}"type": "roster.changed"[\s\S]*?)```/.exec(page)?.[1]
    const payload = JSON.parse(shown ?? '')
    expect(WebhookPayload.parse(payload)).toEqual(payload)
  })

  it('is signed: the receiver sees that it is from Rollcall and as it was sent', async () => {
    const [message] = await toldOf(['日本'])
    expect(verified(message!)).toMatchObject({ data: { username: '日本', truncated: true } })
    expect(() => verified(message!, secretOf('b'))).toThrow('No matching signature')
    const changed = { ...message!, body: message!.body.replace('日本', '日中') }
    expect(() => verified(changed)).toThrow('No matching signature')
    const otherId = { ...message!, headers: { ...message!.headers, 'webhook-id': 'another' } }
    expect(() => verified(otherId)).toThrow('No matching signature')
  })

  it('is signed with the time at which it is sent, whenever the change was', async () => {
    const [message] = await toldOf(['john', { at: 0 }])
    const age = Date.now() / 1000 - Number(message?.headers['webhook-timestamp'])
    expect(Math.abs(age)).toBeLessThan(60)
    const old = String(Number(message?.headers['webhook-timestamp']) - 3_600)
    expect(() => verified({ ...message!, headers: { ...message!.headers, 'webhook-timestamp': old } })).toThrow(
      'too old',
    )
  })

  it('has the id of its change, the same when it is repeated', async () => {
    const ids = (await toldOf(['john', { id: '0-17-1' }], ['john', { id: '0-17-1' }], ['john', { id: '0-18-0' }])).map(
      ({ headers }) => headers['webhook-id'],
    )
    expect(ids).toEqual(['0-17-1', '0-17-1', '0-18-0'])
  })

  it('has an id that a header can carry and a signature can end, whatever the id of the change', async () => {
    const messages = await toldOf(
      ['日本', { id: 'walk-1-日本@example.org' }],
      ['日本', { id: 'walk-1-日本@example.org' }],
      ['日本', { id: 'walk-2-日本@example.org' }],
    )
    const [first, again, other] = messages.map(({ headers }) => headers['webhook-id'])
    expect(first).toMatch(/^[\w-]+$/)
    expect(again).toBe(first)
    expect(other).not.toBe(first)
    for (const message of messages) verified(message)
  })

  it('carries the configured headers, but for its own', async () => {
    const receiver = await startReceiver()
    const headers = { Authorization: 'Bearer abc', 'Webhook-Id': 'mine', 'Content-Type': 'text/plain' }
    await webhookTo(receiver.url, { headers }).notify([changeOf('john', { id: '0-1-0' })], within(PATIENCE_MS))
    expect(receiver.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer abc',
      'webhook-id': '0-1-0',
      'content-type': 'application/json',
    })
  })
})

describe('a message has arrived', () => {
  it.each<[string, Behaviour]>([
    ['200', 200],
    ['202 with a text', { kind: 'raw', status: 202, body: 'thanks' }],
    ['204', 204],
    ['200 and 30 MB', { kind: 'big', bytes: 30e6, announced: true }],
    ['200 and a text that breaks off', { kind: 'reset-mid-body' }],
  ])('with %s', async (_, behaviour) => {
    const receiver = await startReceiver()
    receiver.answer(behaviour)
    expect(await webhookTo(receiver.url).notify([changeOf('john')], within(PATIENCE_MS))).toEqual([null])
  })

  it('with 200 and a text that does not end in time', async () => {
    const receiver = await startReceiver()
    receiver.answer({ kind: 'drip', everyMs: 100 })
    expect(await webhookTo(receiver.url).notify([changeOf('john')], within(SHORT_MS))).toEqual([null])
  })
})

describe('a message has not arrived', () => {
  it.each([400, 409, 413, 422, 500, 501, 507])('with %i: it may be this one alone', async (status) => {
    const receiver = await startReceiver()
    receiver.answer(status)
    expect(await failureOf(webhookTo(receiver.url).notify([changeOf('john')], within(PATIENCE_MS)))).toMatchObject({
      code: 'target-refused',
      scope: 'user',
      isTemporary: true,
      message: `It answered ${status} to this message`,
    })
  })

  it.each([
    [401, 'target-unauthorised'],
    [403, 'target-unauthorised'],
    [404, 'target-refused'],
    [405, 'target-refused'],
    [408, 'target-timeout'],
    [425, 'target-overloaded'],
    [429, 'target-overloaded'],
    [502, 'target-unreachable'],
    [503, 'target-overloaded'],
    [504, 'target-unreachable'],
  ])('with %i: nor would any other, for now', async (status, code) => {
    const receiver = await startReceiver()
    receiver.answer(status)
    const error = await failureOf(webhookTo(receiver.url).notify([changeOf('john')], within(PATIENCE_MS)))
    expect(error).toMatchObject({ code, scope: 'target', isTemporary: true })
  })

  it('when it is sent elsewhere, where it does not go', async () => {
    const receiver = await startReceiver()
    receiver.answer(({ url }) => (url === '/' ? { kind: 'raw', status: 308, headers: { location: '/there' } } : 204))
    expect(await failureOf(webhookTo(receiver.url).notify([changeOf('john')], within(PATIENCE_MS)))).toMatchObject({
      code: 'target-refused',
      scope: 'target',
      message: 'It answered 308: redirects are not followed, configure the address where it really is',
    })
    expect(receiver.requests).toHaveLength(1)
  })

  it.each([500, 503])('with %i and Retry-After: not for so long', async (status) => {
    const receiver = await startReceiver()
    receiver.answer({ kind: 'raw', status, headers: { 'retry-after': '30' } })
    const error = await failureOf(webhookTo(receiver.url).notify([changeOf('john')], within(PATIENCE_MS)))
    expect(error).toMatchObject({ retryAfterMs: 30_000 })
  })

  it('with 410: it wants no more of them', async () => {
    const receiver = await startReceiver()
    receiver.answer(410)
    expect(await failureOf(webhookTo(receiver.url).notify([changeOf('john')], within(PATIENCE_MS)))).toMatchObject({
      code: 'target-gone',
      scope: 'target',
      isTemporary: false,
    })
  })

  it('when nothing is answered in time', async () => {
    const receiver = await startReceiver()
    receiver.answer({ kind: 'hang' })
    const error = await failureOf(webhookTo(receiver.url).notify([changeOf('john')], within(SHORT_MS)))
    expect(error).toMatchObject({ code: 'target-timeout', scope: 'target' })
  })
})

it('messages are on their way on no more connections than configured', async () => {
  const receiver = await startReceiver()
  receiver.answer({ kind: 'good', delayMs: 5 })
  const target = webhookTo(receiver.url, { concurrency: 3 })
  const changes = Array.from({ length: 30 }, (_, i) => [changeOf(`user${i}`)])
  await Promise.all(changes.map((change) => target.notify(change, within(PATIENCE_MS))))
  expect(receiver.requests).toHaveLength(30)
  expect(receiver.connections()).toBe(3)
})
