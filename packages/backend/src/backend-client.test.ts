import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { parseUrlTemplate, type User } from '@rollcall/roster'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Behaviour, startBackend, type TestBackend } from '../../../test/support/backend.ts'
import { clientFor, configOf, domainNamed, userNamed } from '../../../test/support/backend-client.ts'
import type { BackendClient, BackendClientOptions, BackendConfig, BackendFailure, Source } from './backend-client.ts'
import { sourceMarks } from './source-marks.ts'

const john = userNamed('john')
const marie = { 'marie@example.com': { name: 'Marie', groups: ['Friends'], subscription: 'both' } }

let backend: TestBackend
let client: BackendClient

beforeEach(async () => {
  backend = await startBackend()
  client = clientOf()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await client.close()
  await backend.close()
})

/** As an answer of the backend was stored. */
const marked = (source: Source, headers: Record<string, string> = {}) =>
  sourceMarks(backend.template, headers).marked(source)

const clientOf = (config?: Partial<BackendConfig>, options?: Partial<BackendClientOptions>) =>
  clientFor(backend.template, config, options)

async function configure(...args: Parameters<typeof clientOf>): Promise<void> {
  await client.close()
  client = clientOf(...args)
}

describe('a good answer', () => {
  it('is a roster, with the hash of its bytes', async () => {
    backend.rosters.set('john', marie)
    const answer = await client.fetchRoster(john, {})
    expect(answer).toEqual({
      kind: 'roster',
      roster: new Map([
        ['marie@example.com', { jid: 'marie@example.com', name: 'Marie', groups: ['Friends'], subscription: 'both' }],
      ]),
      source: { hash: expect.stringMatching(/^[\w-]{8} [\w-]{43}$/) },
    })
  })

  it('is unchanged when the bytes are the same, and brings its new ETag', async () => {
    const first = await client.fetchRoster(john, {})
    if (first.kind !== 'roster') throw new Error(first.kind)
    await backend.close()
    backend = await startBackend({ port: Number(new URL(backend.url).port), etags: true })
    await configure()
    const second = await client.fetchRoster(john, first.source)
    expect(second).toEqual({ kind: 'unchanged', source: { hash: first.source.hash, etag: expect.any(String) } })
  })

  it('is asked for with the ETag of the stored copy, and a 304 leaves it unchanged', async () => {
    await backend.close()
    backend = await startBackend({ etags: true })
    await configure()
    const first = await client.fetchRoster(john, {})
    if (first.kind !== 'roster') throw new Error(first.kind)
    expect(await client.fetchRoster(john, first.source)).toEqual({ kind: 'unchanged', source: first.source })
    const [, etag] = first.source.etag?.split(' ') ?? []
    expect(backend.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, etag])
  })

  it('counts for nothing at another URL or with other headers, however much its ETag is alike', async () => {
    backend.set('john', { kind: 'raw', headers: { etag: '"1"' }, body: '{}' })
    const first = await client.fetchRoster(john, {})
    if (first.kind !== 'roster') throw new Error(first.kind)
    for (const other of [
      { rosterUrl: parseUrlTemplate(`${backend.template}?of=others`) },
      { headers: { tenant: '2' } },
    ]) {
      await configure(other)
      expect(await client.fetchRoster(john, first.source)).toMatchObject({ kind: 'roster' })
    }
    expect(backend.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, undefined, undefined])
  })

  it('is a 304 although it announces the length of the roster, as it may', async () => {
    await configure({ backendTimeoutMs: 5_000 }) // which would be over if those bytes were waited for
    backend.set('john', { kind: 'raw', status: 304, headers: { 'content-length': '2000000', etag: '"b"' } })
    expect(await client.fetchRoster(john, marked({ etag: '"a"', hash: 'h' }))).toEqual({
      kind: 'unchanged',
      source: marked({ etag: '"b"', hash: 'h' }),
    })
  })

  it.each(['gzip', 'br', 'deflate'] as const)('is understood in %s', async (encoding) => {
    backend.rosters.set('john', marie)
    backend.set('john', { kind: 'good', encoding })
    expect(await rosterOf(john)).toEqual(['marie@example.com'])
  })

  it.each([
    ['a byte order mark', '\ufeff{}', []],
    ['[] for none, as PHP writes it', '[]', []],
    ['a key given twice: the last one', '{"a@b":{"name":5},"a@b":{"name":"A"}}', ['a@b']],
  ])('may have %s', async (_, body, jids) => {
    backend.set('john', { kind: 'raw', body })
    expect(await rosterOf(john)).toEqual(jids)
  })

  it('has no ETag when it has one that cannot be sent back', async () => {
    backend.set('john', { kind: 'raw', headers: { etag: `"${'x'.repeat(600)}"` }, body: '{}' })
    expect(await client.fetchRoster(john, {})).toEqual({
      kind: 'roster',
      roster: new Map(),
      source: { hash: expect.any(String) },
    })
  })
})

describe('an answer whose Content-Encoding comes more than once', () => {
  /** Every answer has these, each in a header of its own. */
  async function configureEncodings(encodings: string[], body: string | Uint8Array): Promise<void> {
    const server = createHttpServer((_, response) => {
      response.setHeader('content-encoding', encodings).end(body)
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    await configure({ rosterUrl: parseUrlTemplate(`http://127.0.0.1:${(server.address() as AddressInfo).port}/%s`) })
  }

  it.each([
    [['identity', 'identity'], '{}'],
    [['identity, Identity'], '{}'],
    [['', 'identity'], '{}'],
    [['identity', 'gzip'], gzipSync('{}')],
    [['GZIP , identity'], gzipSync('{}')],
  ])('%j is understood: identity is none', async (encodings, body) => {
    await configureEncodings(encodings, body)
    expect(await rosterOf(john)).toEqual([])
  })

  it.each([[['gzip', 'gzip']], [['br, gzip']]])('%j is not read', async (encodings) => {
    await configureEncodings(encodings, gzipSync('{}'))
    expect(await client.fetchRoster(john, {})).toEqual({
      kind: 'failed',
      code: 'roster-invalid',
      message: 'The backend sent a body with more than one Content-Encoding',
      retry: 'never',
    })
  })
})

describe('an answer on which our own code trips', () => {
  const trap = {
    valueOf() {
      throw new TypeError('no number for Bearer s3cret-token')
    },
  } as unknown as number

  it.each([
    ['as it comes', { maxRosterBytes: trap }],
    ['when it is read', { maxContacts: trap }],
  ])('%s is a failure like any other, and tells no credentials', async (_, config) => {
    await configure({ ...config, headers: { Authorization: 'Bearer s3cret-token' } })
    expect(await client.fetchRoster(john, {})).toEqual({
      kind: 'failed',
      code: 'roster-invalid',
      message: 'The answer of the backend could not be read (TypeError: no number for ***)',
      retry: 'backoff',
    })
  })
})

describe('the request', () => {
  it('has the headers of the protocol', async () => {
    await client.fetchRoster(john, marked({ etag: '"a"' }))
    expect(backend.requests[0]?.headers).toMatchObject({
      accept: 'application/json',
      'accept-encoding': 'gzip, br, deflate',
      'if-none-match': '"a"',
      'user-agent': 'rollcall/1.2.3',
    })
  })

  it('has the configured headers, which win but for If-None-Match', async () => {
    const headers = { Authorization: 'Bearer s3cret-token', ACCEPT: 'application/x', 'If-None-Match': '"z"' }
    await configure({ headers })
    await client.fetchRoster(john, {})
    await client.fetchRoster(john, marked({ etag: '"a"' }, headers))
    expect(backend.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"a"'])
    expect(backend.requests[1]?.headers).toMatchObject({
      authorization: 'Bearer s3cret-token',
      accept: 'application/x',
    })
  })

  it.each([{ Connection: 'close' }, { 'a b': 'c' }, { Authorization: 's3cret\nx' }])(
    'never has headers that it cannot have: the start says so, and not their values: %o',
    (headers) => {
      expect(() => clientOf({ headers })).toThrow(/example\.org/)
      expect(() => clientOf({ headers })).not.toThrow(/s3cret/)
    },
  )

  it.each(['a#b', 'a?x=1', 'a;b', 'a%2fb', '__proto__', '12345', '{x}', '*', '日本'])('names %s', async (name) => {
    const user = userNamed(name)
    expect((await client.fetchRoster(user, {})).kind).toBe('roster')
    expect(backend.requests[0]?.username).toBe(user.username)
  })

  it('is not sent for a domain that is not configured', async () => {
    const elsewhere = userNamed('john', 'example.net')
    expect(await client.fetchRoster(elsewhere, {})).toMatchObject({
      kind: 'failed',
      code: 'domain-unknown',
      retry: 'never',
    })
    expect(backend.requests).toEqual([])
  })

  it('does not go through the proxy of the environment', async () => {
    const proxy = await proxyThat((socket) => socket.destroy())
    await configure()
    expect((await client.fetchRoster(john, {})).kind).toBe('roster')
    expect(proxy.connections()).toBe(0)
    proxy.close()
  })

  it('goes through it when asked to', async () => {
    const proxy = await proxyThat((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(connect(Number(new URL(backend.url).port), '127.0.0.1')).pipe(socket)
    })
    await configure({}, { useEnvProxy: true })
    expect((await client.fetchRoster(john, {})).kind).toBe('roster')
    expect(proxy.connections()).toBe(1)
    proxy.close()
  })

  it.each<[string, (socket: Socket) => void]>([
    ['hangs up', (socket) => socket.destroy()],
    ['refuses', (socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')],
  ])('fails once when that proxy %s', async (_, behave) => {
    const proxy = await proxyThat(behave)
    await configure({}, { useEnvProxy: true })
    expect(await client.fetchRoster(john, {})).toMatchObject({ code: 'backend-unreachable', retry: 'backoff' })
    expect(await client.fetchRoster(john, {})).toMatchObject({ code: 'backend-unreachable', retry: 'backoff' })
    expect(proxy.connections()).toBe(2)
    proxy.close()
  })
})

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
    backend.set('john', behaviour)
    expect(await client.fetchRoster(john, {})).toMatchObject({ kind: 'failed', retry: 'never', ...failure })
    expect(backend.requests).toHaveLength(1)
  })

  it('410: the user is gone', async () => {
    backend.set('john', 410)
    expect(await client.fetchRoster(john, {})).toEqual({
      kind: 'gone',
      code: 'user-unknown',
      message: 'The backend does not know this user any more: it answered 410',
    })
  })

  it('100,000 contacts: too large', async () => {
    const contacts = Array.from({ length: 100_000 }, (_, i) => [`c${i}@example.org`, {}])
    backend.rosters.set('john', Object.fromEntries(contacts))
    const answer = await client.fetchRoster(john, {})
    expect(answer).toMatchObject({ kind: 'failed', code: 'roster-too-large', retry: 'never' })
    expect(answer).toMatchObject({ message: expect.stringContaining('100000') })
  })

  it.each([404, 410])('%i: an empty roster where the domain says so', async (status) => {
    await configure({ unknownUser: 'empty' })
    backend.set('john', status)
    expect(await client.fetchRoster(john, {})).toEqual({ kind: 'roster', roster: new Map(), source: {} })
  })

  it('301 to another host: the other host sees nothing', async () => {
    const other = await startBackend()
    backend.set('john', { kind: 'raw', status: 301, headers: { location: `${other.url}/contacts/john` } })
    expect(await client.fetchRoster(john, {})).toMatchObject({ code: 'backend-status', retry: 'never' })
    expect(other.connections()).toBe(0)
    await other.close()
  })

  it.each([
    ['a gzip bomb', { kind: 'gzip-bomb', mebibytes: 10_000 }],
    ['a body without end', { kind: 'endless' }],
  ] as const)('%s is not read to its end, and memory stays bounded', async (_, behaviour) => {
    backend.set('john', behaviour)
    const before = process.memoryUsage().rss
    await client.fetchRoster(john, {})
    await backend.idle()
    expect(backend.requests[0]?.cutOff).toBe(true)
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6)
  })

  it('is told without the credentials that it repeats', async () => {
    await configure({ headers: { Authorization: 'Bearer s3cret-token' } })
    backend.set('john', raw('Not allowed: "Authorization: Bearer s3cret-token"'))
    const answer = await client.fetchRoster(john, {})
    expect(answer).toMatchObject({ message: expect.stringContaining('Not allowed: "Authorization: ***') })
    expect(JSON.stringify(answer)).not.toContain('s3cret')
  })

  it('is told without the token of the URL', async () => {
    await configure({ rosterUrl: parseUrlTemplate(`${backend.template}?token=s3cret-token`) })
    backend.set('john', raw('no such token: s3cret-token'))
    expect(JSON.stringify(await client.fetchRoster(john, {}))).not.toContain('s3cret')
  })

  it('is told with its control characters escaped', async () => {
    backend.set('john', raw('\u001b[31mno\u0000'))
    expect(await client.fetchRoster(john, {})).toMatchObject({
      message: expect.stringContaining('\\u{1b}[31mno\\u{0}'),
    })
  })
})

describe('a backend in trouble', () => {
  it.each([500, 502, 503, 504, 429])('%i: to be tried again later', async (status) => {
    backend.set('john', status)
    const failure = {
      kind: 'failed',
      code: 'backend-status',
      message: `The backend answered ${status}`,
      retry: 'backoff',
      ...(status >= 500 && { outage: true }),
    }
    expect(await client.fetchRoster(john, {})).toEqual(failure)
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
    await configure({ backendTimeoutMs: isForEver ? 100 : 10_000 })
    backend.set('john', behaviour)
    expect(((await client.fetchRoster(john, {})) as BackendFailure).outage).toBe(outage ? true : undefined)
  })

  it('500 twice and then good: each is its own answer', async () => {
    backend.set('john', [500, 500, { kind: 'good' }])
    const kinds = []
    for (let i = 0; i < 3; i++) kinds.push((await client.fetchRoster(john, {})).kind)
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
    backend.set('john', { kind: 'raw', status, headers: { 'retry-after': retryAfter }, body: 'slow down' })
    expect(await client.fetchRoster(john, {})).toMatchObject({ code: 'backend-status', retry })
  })

  it('503 whose page never ends: the status is the answer', async () => {
    backend.set('john', { kind: 'endless', status: 503 })
    expect(await client.fetchRoster(john, {})).toMatchObject({ code: 'backend-status', retry: 'backoff' })
  })

  it('refuses connections', async () => {
    await backend.stop()
    expect(await client.fetchRoster(john, {})).toMatchObject({
      code: 'backend-unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
      retry: 'backoff',
    })
    await backend.start()
    expect((await client.fetchRoster(john, {})).kind).toBe('roster')
  })

  it.each(['reset', 'reset-mid-body'] as const)('%s', async (kind) => {
    backend.set('john', { kind })
    expect(await client.fetchRoster(john, {})).toMatchObject({ code: 'backend-unreachable', retry: 'backoff' })
    expect(backend.requests).toHaveLength(1)
  })

  it('has a name that does not resolve', async () => {
    // Too long a label for DNS, so that nobody is asked for it.
    await configure({ rosterUrl: parseUrlTemplate(`http://${'x'.repeat(64)}.invalid/contacts/%s`) })
    expect(await client.fetchRoster(john, {})).toMatchObject({ code: 'backend-unreachable', retry: 'backoff' })
  })

  it('does not speak TLS', async () => {
    await configure({ rosterUrl: parseUrlTemplate(backend.template.replace('http:', 'https:')) })
    expect(await client.fetchRoster(john, {})).toMatchObject({ code: 'backend-unreachable', retry: 'backoff' })
  })

  it('does not speak HTTP', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    await configure({ rosterUrl: parseUrlTemplate(`http://127.0.0.1:${(server.address() as AddressInfo).port}/%s`) })
    expect(await client.fetchRoster(john, {})).toMatchObject({ code: 'backend-unreachable', retry: 'backoff' })
    server.close()
  })

  it.each([
    ['never answers', { kind: 'hang' }, 200, 'headers'],
    ['sends a byte now and then', { kind: 'drip', everyMs: 100 }, 2_000, 'body'],
  ] as const)('%s: ends at the deadline', async (_, behaviour, backendTimeoutMs, waitingFor) => {
    await configure({ backendTimeoutMs })
    backend.set('john', behaviour)
    expect(await client.fetchRoster(john, {})).toMatchObject({
      code: 'backend-timeout',
      message: expect.stringContaining(waitingFor),
      retry: 'backoff',
    })
    await backend.idle()
    expect(backend.requests).toMatchObject([{ cutOff: true }])
  })

  it('keeps one waiting for a connection: that one ends at its deadline too, and is never sent', async () => {
    const patient = configOf(backend.template)
    const hasty = configOf(backend.template, { domain: domainNamed('hasty.example'), backendTimeoutMs: 100 })
    const domains = new Map([patient, hasty].map((config) => [config.domain, config]))
    await configure({}, { domains, connections: 1 })
    const { release } = backend.hold('john')
    const held = client.fetchRoster(john, {})
    await backend.arrived('john')
    expect(await client.fetchRoster(userNamed('mary', 'hasty.example'), {})).toMatchObject({
      code: 'backend-timeout',
      message: expect.stringContaining('connection'),
    })
    release()
    expect((await held).kind).toBe('roster')
    expect((await client.fetchRoster(john, {})).kind).toBe('roster')
    expect(backend.requests.map(({ username }) => username)).toEqual(['john', 'john'])
  })
})

describe('the caller', () => {
  it('can close, which is no failure of the backend', async () => {
    backend.set('john', { kind: 'hang' })
    const answer = client.fetchRoster(john, {}).then(
      ({ kind }) => kind,
      (error: Error) => error.name,
    )
    await backend.arrived('john')
    await client.close()
    expect(await answer).toBe('ClientDestroyedError')
  })
})

async function rosterOf(user: User): Promise<string[]> {
  const answer = await client.fetchRoster(user, {})
  if (answer.kind !== 'roster') throw new Error(JSON.stringify(answer))
  return [...answer.roster.keys()]
}

/** The proxy of the environment for the rest of the test; `behave` gets the socket of each request. */
async function proxyThat(behave: (socket: Socket) => void) {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.on('error', () => {}).once('data', () => behave(socket))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return { connections: () => connections, close: () => server.close() }
}

function raw(body: string | Uint8Array): Behaviour {
  return { kind: 'raw', body }
}

function promised(bytes: number): Behaviour {
  return { kind: 'raw', headers: { 'content-length': String(bytes) } }
}

function encoded(encoding: string, body: string | Uint8Array): Behaviour {
  return { kind: 'raw', headers: { 'content-encoding': encoding }, body }
}
