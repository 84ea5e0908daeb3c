import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { parseUrlTemplate } from '@rollcall/roster'
import { describe, expect, it } from 'vitest'
import { type Behaviour, startBackend } from '../../../test/support/backend.ts'
import { backendAndClientOfTest, configOf, domainNamed, userNamed } from '../../../test/support/backend-client.ts'
import type { BackendFailure } from './backend-client.ts'

const john = userNamed('john')
const at = backendAndClientOfTest()

describe('an answer that is no roster', () => {
  const cases: [string, Behaviour, object][] = [
    [
      'HTML',
      raw('<!doctype html><p>Log in'),
      { code: 'roster-invalid', message: expect.stringContaining('<!doctype html>') },
    ],
    ['an empty body', raw(''), { code: 'roster-invalid', message: expect.stringContaining('empty') }],
    ['null', raw('null'), { code: 'roster-invalid' }],
    ['an array of items', raw('[{"jid":"a@b"}]'), { code: 'roster-invalid' }],
    ['wrong types', raw('{"a@b":{"name":5}}'), { code: 'roster-invalid', message: expect.stringContaining('a@b') }],
    [
      'a bad contact',
      raw('{"a@b":{},"a@@b":{}}'),
      { code: 'roster-invalid', message: expect.stringContaining('a@@b') },
    ],
    ['half a document', raw('{"a@b":{}'), { code: 'roster-invalid' }],
    ['bytes that are not UTF-8', raw(Buffer.from('{"a@b":{"name":"\xff"}}', 'latin1')), { code: 'roster-invalid' }],
    ['UTF-16', raw(Buffer.from('\ufeff{}', 'utf16le')), { code: 'roster-invalid' }],
    ['50,000 nested arrays', raw('['.repeat(50_000)), { code: 'roster-invalid' }],
    [
      'what is not gzip',
      encoded('gzip', 'plain'),
      { code: 'roster-invalid', message: expect.stringContaining('gzip') },
    ],
    ['what is not brotli', encoded('br', 'plain'), { code: 'roster-invalid' }],
    ['what is not deflate', encoded('deflate', 'plain'), { code: 'roster-invalid' }],
    ['half of a gzip', encoded('gzip', Buffer.from('1f8b08000000000000', 'hex')), { code: 'roster-invalid' }],
    ['an unknown encoding', encoded('zstd', 'plain'), { code: 'roster-invalid' }],
    ['30 MB, announced', { kind: 'big', bytes: 30e6, announced: true }, { code: 'roster-too-large' }],
    ['30 MB, not announced', { kind: 'big', bytes: 30e6, announced: false }, { code: 'roster-too-large' }],
    ['5 MiB and more, announced and never sent', promised(5 * 1024 * 1024 + 1), { code: 'roster-too-large' }],
    ['a body without end', { kind: 'endless' }, { code: 'roster-too-large' }],
    ['a gzip bomb', { kind: 'gzip-bomb', mebibytes: 10_000 }, { code: 'roster-too-large' }],
    ['204', 204, { code: 'backend-status', message: expect.stringContaining('204') }],
    ['206', 206, { code: 'backend-status' }],
    ['301', 301, { code: 'backend-status', message: expect.stringContaining('301') }],
    ['304 without a copy', 304, { code: 'backend-status', message: expect.stringContaining('304') }],
    ['401', 401, { code: 'backend-status', message: expect.stringContaining('401') }],
    ['403', 403, { code: 'backend-status' }],
    ['404', 404, { code: 'user-unknown' }],
  ]
  it.each(cases)('%s: failed, and not tried again', async (_, behaviour, failure) => {
    at.backend.set('john', behaviour)
    expect(await at.client.fetchRoster(john, {})).toMatchObject({ kind: 'failed', retry: 'never', ...failure })
    expect(at.backend.requests).toHaveLength(1)
  })

  it('410: the user is gone', async () => {
    at.backend.set('john', 410)
    expect(await at.client.fetchRoster(john, {})).toEqual({
      kind: 'gone',
      code: 'user-unknown',
      message: 'The backend does not know this user any more: it answered 410',
    })
  })

  it('100,000 contacts: too large', async () => {
    const contacts = Array.from({ length: 100_000 }, (_, i) => [`c${i}@example.org`, {}])
    at.backend.rosters.set('john', Object.fromEntries(contacts))
    const answer = await at.client.fetchRoster(john, {})
    expect(answer).toMatchObject({ kind: 'failed', code: 'roster-too-large', retry: 'never' })
    expect(answer).toMatchObject({ message: expect.stringContaining('100000') })
  })

  it.each([404, 410])('%i: an empty roster where the domain says so', async (status) => {
    await at.configure({ unknownUser: 'empty' })
    at.backend.set('john', status)
    expect(await at.client.fetchRoster(john, {})).toEqual({ kind: 'roster', roster: new Map(), source: {} })
  })

  it('301 to another host: the other host sees nothing', async () => {
    const other = await startBackend()
    at.backend.set('john', { kind: 'raw', status: 301, headers: { location: `${other.url}/contacts/john` } })
    expect(await at.client.fetchRoster(john, {})).toMatchObject({ code: 'backend-status', retry: 'never' })
    expect(other.connections()).toBe(0)
    await other.close()
  })

  it.each([
    ['a gzip bomb', { kind: 'gzip-bomb', mebibytes: 10_000 }],
    ['a body without end', { kind: 'endless' }],
  ] as const)('%s is not read to its end, and memory stays bounded', async (_, behaviour) => {
    at.backend.set('john', behaviour)
    const before = process.memoryUsage().rss
    await at.client.fetchRoster(john, {})
    await at.backend.idle()
    expect(at.backend.requests[0]?.cutOff).toBe(true)
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6)
  })

  it('is told without the credentials that it repeats', async () => {
    await at.configure({ headers: { Authorization: 'Bearer s3cret-token' } })
    at.backend.set('john', raw('Not allowed: "Authorization: Bearer s3cret-token"'))
    const answer = await at.client.fetchRoster(john, {})
    expect(answer).toMatchObject({ message: expect.stringContaining('Not allowed: "Authorization: ***') })
    expect(JSON.stringify(answer)).not.toContain('s3cret')
  })

  it('is told without the token of the URL', async () => {
    await at.configure({ rosterUrl: parseUrlTemplate(`${at.backend.template}?token=s3cret-token`) })
    at.backend.set('john', raw('no such token: s3cret-token'))
    expect(JSON.stringify(await at.client.fetchRoster(john, {}))).not.toContain('s3cret')
  })

  it('is told with its control characters escaped', async () => {
    at.backend.set('john', raw('\u001b[31mno\u0000'))
    expect(await at.client.fetchRoster(john, {})).toMatchObject({
      message: expect.stringContaining('\\u{1b}[31mno\\u{0}'),
    })
  })
})

describe('a backend in trouble', () => {
  it.each([500, 502, 503, 504, 429])('%i: to be tried again later', async (status) => {
    at.backend.set('john', status)
    const failure = {
      kind: 'failed',
      code: 'backend-status',
      message: `The backend answered ${status}`,
      retry: 'backoff',
      ...(status >= 500 && { outage: true }),
    }
    expect(await at.client.fetchRoster(john, {})).toEqual(failure)
  })

  it.each<[Behaviour, boolean]>([
    [{ kind: 'hang' }, true],
    [{ kind: 'reset' }, true],
    [{ kind: 'reset-mid-body' }, true],
    [404, false],
    [403, false],
    [{ kind: 'raw', body: '[1]' }, false],
    [{ kind: 'raw', status: 503, headers: { 'retry-after': '7' } }, false],
    [{ kind: 'endless' }, false],
  ])('%j: whether it may be the backend as a whole', async (behaviour, outage) => {
    const isForEver = typeof behaviour === 'object' && behaviour.kind === 'hang'
    await at.configure({ backendTimeoutMs: isForEver ? 100 : 10_000 })
    at.backend.set('john', behaviour)
    expect(((await at.client.fetchRoster(john, {})) as BackendFailure).outage).toBe(outage ? true : undefined)
  })

  it('500 twice and then good: each is its own answer', async () => {
    at.backend.set('john', [500, 500, { kind: 'good' }])
    const kinds = []
    for (let i = 0; i < 3; i++) kinds.push((await at.client.fetchRoster(john, {})).kind)
    expect(kinds).toEqual(['failed', 'failed', 'roster'])
  })

  it.each([
    [429, '7', { pauseMs: 7_000 }],
    [503, '7', { pauseMs: 7_000 }],
    [503, '86400', { pauseMs: 60_000 }],
    [429, 'Sun, 06 Nov 2094 08:49:37 GMT', { pauseMs: 60_000 }],
    [429, 'soon', 'backoff'],
    [500, '7', 'backoff'],
    [403, '7', 'never'],
  ])('%i with Retry-After %s', async (status, retryAfter, retry) => {
    at.backend.set('john', { kind: 'raw', status, headers: { 'retry-after': retryAfter }, body: 'slow down' })
    expect(await at.client.fetchRoster(john, {})).toMatchObject({ code: 'backend-status', retry })
  })

  it('503 whose page never ends: the status is the answer', async () => {
    at.backend.set('john', { kind: 'endless', status: 503 })
    expect(await at.client.fetchRoster(john, {})).toMatchObject({ code: 'backend-status', retry: 'backoff' })
  })

  it('refuses connections', async () => {
    await at.backend.stop()
    expect(await at.client.fetchRoster(john, {})).toMatchObject({
      code: 'backend-unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
      retry: 'backoff',
    })
    await at.backend.start()
    expect((await at.client.fetchRoster(john, {})).kind).toBe('roster')
  })

  it.each(['reset', 'reset-mid-body'] as const)('%s', async (kind) => {
    at.backend.set('john', { kind })
    expect(await at.client.fetchRoster(john, {})).toMatchObject({ code: 'backend-unreachable', retry: 'backoff' })
    expect(at.backend.requests).toHaveLength(1)
  })

  it('has a name that does not resolve', async () => {
    // Too long a label for DNS, so that nobody is asked for it.
    await at.configure({ rosterUrl: parseUrlTemplate(`http://${'x'.repeat(64)}.invalid/contacts/%s`) })
    expect(await at.client.fetchRoster(john, {})).toMatchObject({ code: 'backend-unreachable', retry: 'backoff' })
  })

  it('does not speak TLS', async () => {
    await at.configure({ rosterUrl: parseUrlTemplate(at.backend.template.replace('http:', 'https:')) })
    expect(await at.client.fetchRoster(john, {})).toMatchObject({ code: 'backend-unreachable', retry: 'backoff' })
  })

  it('does not speak HTTP', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    await at.configure({ rosterUrl: parseUrlTemplate(`http://127.0.0.1:${(server.address() as AddressInfo).port}/%s`) })
    expect(await at.client.fetchRoster(john, {})).toMatchObject({ code: 'backend-unreachable', retry: 'backoff' })
    server.close()
  })

  it.each([
    ['never answers', { kind: 'hang' }, 200, 'headers'],
    ['sends a byte now and then', { kind: 'drip', everyMs: 100 }, 2_000, 'body'],
  ] as const)('%s: ends at the deadline', async (_, behaviour, backendTimeoutMs, waitingFor) => {
    await at.configure({ backendTimeoutMs })
    at.backend.set('john', behaviour)
    expect(await at.client.fetchRoster(john, {})).toMatchObject({
      code: 'backend-timeout',
      message: expect.stringContaining(waitingFor),
      retry: 'backoff',
    })
    await at.backend.idle()
    expect(at.backend.requests).toMatchObject([{ cutOff: true }])
  })

  it('keeps one waiting for a connection: that one ends at its deadline too, and is never sent', async () => {
    const patient = configOf(at.backend.template)
    const hasty = configOf(at.backend.template, { domain: domainNamed('hasty.example'), backendTimeoutMs: 100 })
    const domains = new Map([patient, hasty].map((config) => [config.domain, config]))
    await at.configure({}, { domains, connections: 1 })
    const { release } = at.backend.hold('john')
    const held = at.client.fetchRoster(john, {})
    await at.backend.arrived('john')
    expect(await at.client.fetchRoster(userNamed('mary', 'hasty.example'), {})).toMatchObject({
      code: 'backend-timeout',
      message: expect.stringContaining('connection'),
    })
    release()
    expect((await held).kind).toBe('roster')
    expect((await at.client.fetchRoster(john, {})).kind).toBe('roster')
    expect(at.backend.requests.map(({ username }) => username)).toEqual(['john', 'john'])
  })
})

function raw(body: string | Uint8Array): Behaviour {
  return { kind: 'raw', body }
}

function promised(bytes: number): Behaviour {
  return { kind: 'raw', headers: { 'content-length': String(bytes) } }
}

function encoded(encoding: string, body: string | Uint8Array): Behaviour {
  return { kind: 'raw', headers: { 'content-encoding': encoding }, body }
}
