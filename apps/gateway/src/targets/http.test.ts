import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Behaviour } from '../../../../test/support/backend-behaviours.ts'
import { startReceiver } from '../../../../test/support/http-receiver.ts'
import { failureOf } from '../../../../test/support/notify-target.ts'
import { type HttpClient, type HttpOptions, httpClient, jsonOf, statusFailure } from './http.ts'
import { TargetError } from './target.ts'

const GET = { method: 'GET', path: '/' } as const

/** Long enough for whatever is to be answered. */
const PATIENCE_MS = 10_000
/** Of an attempt whose time is to be up. */
const SHORT_MS = 300

function clientFor(url: string, options: Partial<HttpOptions> = {}): HttpClient {
  const client = httpClient({ url: new URL(url), headers: {}, version: '1.2.3', connections: 2, ...options })
  onTestFinished(() => client.close())
  return client
}

const within = (ms: number): AbortSignal => AbortSignal.timeout(ms)

/** Says these bytes to whoever connects, and hangs up when told to. */
async function rawServer(bytes: string, { ends = false } = {}): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => (ends ? socket.end(bytes) : socket.write(bytes)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('a request', () => {
  it('carries who sends it, the configured headers, its own, and its body', async () => {
    const receiver = await startReceiver()
    const client = clientFor(receiver.url, { headers: { 'x-configured': 'a', 'x-both': 'configured' } })
    const request = { method: 'POST', path: '/a?b=c', headers: { 'x-both': 'own' }, body: '["john"]' } as const
    expect(await client.send(request, within(PATIENCE_MS))).toEqual({ status: 204, text: '' })
    expect(receiver.requests).toMatchObject([
      {
        method: 'POST',
        url: '/a?b=c',
        body: '["john"]',
        headers: { 'user-agent': 'rollcall/1.2.3', 'x-configured': 'a', 'x-both': 'own' },
      },
    ])
  })

  it('carries the credentials that the URL has', async () => {
    const receiver = await startReceiver()
    await clientFor(receiver.url.replace('//', '//john:p%40ss@')).send(GET, within(PATIENCE_MS))
    expect(receiver.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('john:p@ss').toString('base64')}`)
  })

  it('takes one of the connections, of which there are never more than allowed', async () => {
    const receiver = await startReceiver()
    receiver.answer({ kind: 'good', delayMs: 5 })
    const client = clientFor(receiver.url)
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.send(GET, within(PATIENCE_MS))))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(receiver.connections()).toBe(2)
  })
})

describe('an answer', () => {
  it.each<[string, Behaviour, object]>([
    ['of any status', { kind: 'raw', status: 422, body: 'no' }, { status: 422, text: 'no' }],
    [
      'that sends elsewhere is not followed',
      { kind: 'raw', status: 302, headers: { location: '/there' } },
      { status: 302 },
    ],
    [
      'that wants a pause',
      { kind: 'raw', status: 503, headers: { 'retry-after': '7' } },
      { status: 503, retryAfterMs: 7_000 },
    ],
    [
      'that wants a pause of a year, which is an hour',
      { kind: 'raw', status: 429, headers: { 'retry-after': '31536000' } },
      { status: 429, retryAfterMs: 3_600_000 },
    ],
  ])('%s', async (_, behaviour, answer) => {
    const receiver = await startReceiver()
    receiver.answer(behaviour)
    expect(await clientFor(receiver.url).send(GET, within(PATIENCE_MS))).toMatchObject(answer)
    expect(receiver.requests).toHaveLength(1)
  })

  it.each<[string, Behaviour, RegExp]>([
    ['30 MB that are announced', { kind: 'big', bytes: 30e6, announced: true }, /longer than 65536 bytes/],
    ['30 MB that just come', { kind: 'big', bytes: 30e6, announced: false }, /longer than 65536 bytes/],
    ['no end', { kind: 'endless' }, /longer than 65536 bytes/],
    ['a break in it', { kind: 'reset-mid-body' }, /broke off/],
  ])('with %s has its status, and no text', async (_, behaviour, why) => {
    const receiver = await startReceiver()
    receiver.answer(behaviour)
    const client = clientFor(receiver.url, { connections: 1 })
    const answer = await client.send(GET, within(PATIENCE_MS))
    expect(answer).toMatchObject({ status: 200, text: '' })
    expect(() => jsonOf(answer)).toThrow(why)

    receiver.answer({ kind: 'good' })
    expect(jsonOf(await client.send(GET, within(PATIENCE_MS)))).toEqual({ good: true })
  })

  it('that comes byte by byte ends with the time of the attempt: its status counts', async () => {
    const receiver = await startReceiver()
    receiver.answer({ kind: 'drip', everyMs: 100 })
    const answer = await clientFor(receiver.url).send(GET, within(SHORT_MS))
    expect(answer.status).toBe(200)
    expect(answer.cutOff).toMatchObject({ code: 'target-timeout', message: expect.stringContaining('the rest') })
  })

  it('that is not JSON says how it begins', async () => {
    const receiver = await startReceiver()
    receiver.answer({ kind: 'raw', body: '<html>\n' })
    const answer = await clientFor(receiver.url).send(GET, within(PATIENCE_MS))
    expect(() => jsonOf(answer)).toThrow(/not JSON, it begins: <html>\\u\{a\}$/)
  })
})

describe('no answer', () => {
  it('in time is a timeout', async () => {
    const receiver = await startReceiver()
    receiver.answer({ kind: 'hang' })
    const client = clientFor(receiver.url, { connections: 1 })
    expect(await failureOf(client.send(GET, within(SHORT_MS)))).toMatchObject({
      code: 'target-timeout',
      scope: 'target',
      message: `The time was up while waiting for an answer of ${receiver.url}`,
    })

    receiver.answer(204)
    expect(await client.send(GET, within(PATIENCE_MS))).toMatchObject({ status: 204 })
  })

  it('in time is a timeout for those who wait for a connection, too, and they are never sent', async () => {
    const receiver = await startReceiver()
    let release = (): void => {}
    const until = new Promise<void>((resolve) => {
      release = resolve
    })
    receiver.answer({ kind: 'hold', until })
    const client = clientFor(receiver.url, { connections: 1 })
    const held = client.send({ ...GET, path: '/held' }, within(PATIENCE_MS))
    expect(await failureOf(client.send({ ...GET, path: '/expired' }, within(SHORT_MS)))).toMatchObject({
      code: 'target-timeout',
      message: `The time was up while waiting for a connection to ${receiver.url}`,
    })
    release()
    await held
    await client.send({ ...GET, path: '/next' }, within(PATIENCE_MS))
    expect(receiver.requests.map(({ url }) => url)).toEqual(['/held', '/next'])
    expect(receiver.connections()).toBe(1)
  })

  it('but a reset: not reachable', async () => {
    const receiver = await startReceiver()
    receiver.answer({ kind: 'reset' })
    expect(await failureOf(clientFor(receiver.url).send(GET, within(PATIENCE_MS)))).toMatchObject({
      code: 'target-unreachable',
      scope: 'target',
    })
  })

  it.each([
    ['a refused connection', 'http://127.0.0.1:1', /^No answer of http:.* \(ECONNREFUSED: nothing listens there\)$/],
    ['a name that does not exist', 'http://rollcall.invalid', /ENOTFOUND|EAI_AGAIN/],
  ])('but %s: not reachable', async (_, url, message) => {
    const error = await failureOf(clientFor(url).send(GET, within(PATIENCE_MS)))
    expect(error).toMatchObject({ code: 'target-unreachable', message: expect.stringMatching(message) })
  })

  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a header without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(40_000)}\r\n`],
    ['a wrong length', 'HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}'],
  ])('but %s: an answer that makes no sense', async (_, bytes) => {
    const error = await failureOf(clientFor(await rawServer(bytes)).send(GET, within(PATIENCE_MS)))
    expect(error).toMatchObject({ code: 'target-answer-invalid', message: 'Its answer is not HTTP' })
  })

  it('since Rollcall ends is no failure of the target', async () => {
    const receiver = await startReceiver()
    receiver.answer({ kind: 'hang' })
    const ending = new AbortController()
    const failure = failureOf(clientFor(receiver.url).send(GET, ending.signal))
    await expect.poll(() => receiver.requests).toHaveLength(1)
    ending.abort()
    expect(await failure).toBe(ending.signal.reason)
    expect(await failureOf(clientFor(receiver.url).send(GET, ending.signal))).toBe(ending.signal.reason)
  })

  it('since it was closed is no failure of the target', async () => {
    const receiver = await startReceiver()
    receiver.answer({ kind: 'hang' })
    const client = clientFor(receiver.url)
    const failure = failureOf(client.send(GET, within(PATIENCE_MS)))
    await expect.poll(() => receiver.requests).toHaveLength(1)
    await client.close()
    expect(await failure).toBeInstanceOf(Error)
    expect(await failure).not.toBeInstanceOf(TargetError)
  })
})

describe('a status', () => {
  it.each([
    [401, 'target-unauthorised'],
    [403, 'target-unauthorised'],
    [407, 'target-unauthorised'],
    [408, 'target-timeout'],
    [425, 'target-overloaded'],
    [429, 'target-overloaded'],
    [502, 'target-unreachable'],
    [503, 'target-overloaded'],
    [504, 'target-unreachable'],
    [301, 'target-refused'],
    [307, 'target-refused'],
  ])('%i is %s for everybody', (status, code) => {
    expect(statusFailure({ status, text: '' })).toMatchObject({ code, scope: 'target', isTemporary: true })
  })

  it('may want a pause', () => {
    expect(statusFailure({ status: 429, text: '', retryAfterMs: 5_000 })?.retryAfterMs).toBe(5_000)
  })

  it.each([200, 204, 299, 400, 404, 409, 410, 422, 500])('%i means what the target says', (status) => {
    expect(statusFailure({ status, text: '' })).toBeUndefined()
  })
})
