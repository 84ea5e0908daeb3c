import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { parseUrlTemplate } from '@rollcall/roster'
import { describe, expect, it, onTestFinished } from 'vitest'
import { backendAndClientOfTest, userNamed } from '../../../test/support/backend-client.ts'
import type { Source } from './backend-client.ts'
import { sourceMarks } from './source-marks.ts'

const john = userNamed('john')
const marie = { 'marie@example.com': { name: 'Marie', groups: ['Friends'], subscription: 'both' } }
const at = backendAndClientOfTest()

/** As an answer of the backend was stored. */
const marked = (source: Source, headers: Record<string, string> = {}) =>
  sourceMarks(at.backend.template, headers).marked(source)

describe('a good answer', () => {
  it('is a roster, with the hash of its bytes', async () => {
    at.backend.rosters.set('john', marie)
    const answer = await at.client.fetchRoster(john, {})
    expect(answer).toEqual({
      kind: 'roster',
      roster: new Map([
        ['marie@example.com', { jid: 'marie@example.com', name: 'Marie', groups: ['Friends'], subscription: 'both' }],
      ]),
      source: { hash: expect.stringMatching(/^[\w-]{8} [\w-]{43}$/) },
    })
  })

  it('is unchanged when the bytes are the same, and brings its new ETag', async () => {
    const first = await at.client.fetchRoster(john, {})
    if (first.kind !== 'roster') throw new Error(first.kind)
    await at.serve({ etags: true })
    await at.configure()
    const second = await at.client.fetchRoster(john, first.source)
    expect(second).toEqual({ kind: 'unchanged', source: { hash: first.source.hash, etag: expect.any(String) } })
  })

  it('is asked for with the ETag of the stored copy, and a 304 leaves it unchanged', async () => {
    await at.serve({ etags: true })
    await at.configure()
    const first = await at.client.fetchRoster(john, {})
    if (first.kind !== 'roster') throw new Error(first.kind)
    expect(await at.client.fetchRoster(john, first.source)).toEqual({ kind: 'unchanged', source: first.source })
    const [, etag] = first.source.etag?.split(' ') ?? []
    expect(at.backend.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, etag])
  })

  it('counts for nothing at another URL or with other headers, however much its ETag is alike', async () => {
    at.backend.set('john', { kind: 'raw', headers: { etag: '"1"' }, body: '{}' })
    const first = await at.client.fetchRoster(john, {})
    if (first.kind !== 'roster') throw new Error(first.kind)
    for (const other of [
      { rosterUrl: parseUrlTemplate(`${at.backend.template}?of=others`) },
      { headers: { tenant: '2' } },
    ]) {
      await at.configure(other)
      expect(await at.client.fetchRoster(john, first.source)).toMatchObject({ kind: 'roster' })
    }
    expect(at.backend.requests.map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('is a 304 although it announces the length of the roster, as it may', async () => {
    await at.configure({ backendTimeoutMs: 5_000 }) // which would be over if those bytes were waited for
    at.backend.set('john', { kind: 'raw', status: 304, headers: { 'content-length': '2000000', etag: '"b"' } })
    expect(await at.client.fetchRoster(john, marked({ etag: '"a"', hash: 'h' }))).toEqual({
      kind: 'unchanged',
      source: marked({ etag: '"b"', hash: 'h' }),
    })
  })

  it.each(['gzip', 'br', 'deflate'] as const)('is understood in %s', async (encoding) => {
    at.backend.rosters.set('john', marie)
    at.backend.set('john', { kind: 'good', encoding })
    expect(await at.rosterOf(john)).toEqual(['marie@example.com'])
  })

  it.each([
    ['a byte order mark', '\ufeff{}', []],
    ['[] for none, as PHP writes it', '[]', []],
    ['a key given twice: the last one', '{"a@b":{"name":5},"a@b":{"name":"A"}}', ['a@b']],
  ])('may have %s', async (_, body, jids) => {
    at.backend.set('john', { kind: 'raw', body })
    expect(await at.rosterOf(john)).toEqual(jids)
  })

  it('has no ETag when it has one that cannot be sent back', async () => {
    at.backend.set('john', { kind: 'raw', headers: { etag: `"${'x'.repeat(600)}"` }, body: '{}' })
    expect(await at.client.fetchRoster(john, {})).toEqual({
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
    await at.configure({ rosterUrl: parseUrlTemplate(`http://127.0.0.1:${(server.address() as AddressInfo).port}/%s`) })
  }

  it.each([
    [['identity', 'identity'], '{}'],
    [['identity, Identity'], '{}'],
    [['', 'identity'], '{}'],
    [['identity', 'gzip'], gzipSync('{}')],
    [['GZIP , identity'], gzipSync('{}')],
  ])('%j is understood: identity is none', async (encodings, body) => {
    await configureEncodings(encodings, body)
    expect(await at.rosterOf(john)).toEqual([])
  })

  it.each([[['gzip', 'gzip']], [['br, gzip']]])('%j is not read', async (encodings) => {
    await configureEncodings(encodings, gzipSync('{}'))
    expect(await at.client.fetchRoster(john, {})).toEqual({
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
    await at.configure({ ...config, headers: { Authorization: 'Bearer s3cret-token' } })
    expect(await at.client.fetchRoster(john, {})).toEqual({
      kind: 'failed',
      code: 'roster-invalid',
      message: 'The answer of the backend could not be read (TypeError: no number for ***)',
      retry: 'backoff',
    })
  })
})

describe('the caller', () => {
  it('can close, which is no failure of the backend', async () => {
    at.backend.set('john', { kind: 'hang' })
    const answer = at.client.fetchRoster(john, {}).then(
      ({ kind }) => kind,
      (error: Error) => error.name,
    )
    await at.backend.arrived('john')
    await at.client.close()
    expect(await answer).toBe('ClientDestroyedError')
  })
})
