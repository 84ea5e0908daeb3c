import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { backendAndClientOfTest, userNamed } from '../../../test/support/backend-client.ts'
import type { Source } from './backend-client.ts'
import { sourceMarks } from './source-marks.ts'

const john = userNamed('john')
const at = backendAndClientOfTest()

/** As an answer of the backend was stored. */
const marked = (source: Source, headers: Record<string, string> = {}) =>
  sourceMarks(at.backend.template, headers).marked(source)

describe('the request', () => {
  it('has the headers of the protocol', async () => {
    await at.client.fetchRoster(john, marked({ etag: '"a"' }))
    expect(at.backend.requests[0]?.headers).toMatchObject({
      accept: 'application/json',
      'accept-encoding': 'gzip, br, deflate',
      'if-none-match': '"a"',
      'user-agent': 'rollcall/1.2.3',
    })
  })

  it('has the configured headers, which win but for If-None-Match', async () => {
    const headers = { Authorization: 'Bearer s3cret-token', ACCEPT: 'application/x', 'If-None-Match': '"z"' }
    await at.configure({ headers })
    await at.client.fetchRoster(john, {})
    await at.client.fetchRoster(john, marked({ etag: '"a"' }, headers))
    expect(at.backend.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"a"'])
    expect(at.backend.requests[1]?.headers).toMatchObject({
      authorization: 'Bearer s3cret-token',
      accept: 'application/x',
    })
  })

  it.each([{ Connection: 'close' }, { 'a b': 'c' }, { Authorization: 's3cret\nx' }])(
    'never has headers that it cannot have: the start says so, and not their values: %o',
    (headers) => {
      expect(() => at.clientOf({ headers })).toThrow(/example\.org/)
      expect(() => at.clientOf({ headers })).not.toThrow(/s3cret/)
    },
  )

  it.each(['a#b', 'a?x=1', 'a;b', 'a%2fb', '__proto__', '12345', '{x}', '*', '日本'])('names %s', async (name) => {
    const user = userNamed(name)
    expect((await at.client.fetchRoster(user, {})).kind).toBe('roster')
    expect(at.backend.requests[0]?.username).toBe(user.username)
  })

  it('is not sent for a domain that is not configured', async () => {
    const elsewhere = userNamed('john', 'example.net')
    expect(await at.client.fetchRoster(elsewhere, {})).toMatchObject({
      kind: 'failed',
      code: 'domain-unknown',
      retry: 'never',
    })
    expect(at.backend.requests).toEqual([])
  })

  it('does not go through the proxy of the environment', async () => {
    const proxy = await proxyThat((socket) => socket.destroy())
    await at.configure()
    expect((await at.client.fetchRoster(john, {})).kind).toBe('roster')
    expect(proxy.connections()).toBe(0)
    proxy.close()
  })

  it('goes through it when asked to', async () => {
    const proxy = await proxyThat((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(connect(Number(new URL(at.backend.url).port), '127.0.0.1')).pipe(socket)
    })
    await at.configure({}, { useEnvProxy: true })
    expect((await at.client.fetchRoster(john, {})).kind).toBe('roster')
    expect(proxy.connections()).toBe(1)
    proxy.close()
  })

  it.each<[string, (socket: Socket) => void]>([
    ['hangs up', (socket) => socket.destroy()],
    ['refuses', (socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')],
  ])('fails once when that proxy %s', async (_, behave) => {
    const proxy = await proxyThat(behave)
    await at.configure({}, { useEnvProxy: true })
    expect(await at.client.fetchRoster(john, {})).toMatchObject({ code: 'backend-unreachable', retry: 'backoff' })
    expect(await at.client.fetchRoster(john, {})).toMatchObject({ code: 'backend-unreachable', retry: 'backoff' })
    expect(proxy.connections()).toBe(2)
    proxy.close()
  })
})

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
