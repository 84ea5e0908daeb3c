import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Behaviour, startBackend, type TestBackend } from '../../../test/support/backend.ts'
import { clientFor, userNamed } from '../../../test/support/backend-client.ts'
import type { BackendClient, Source } from './backend-client.ts'

const john = userNamed('john')

let backend: TestBackend
let client: BackendClient

beforeEach(async () => {
  backend = await startBackend()
  client = clientFor(backend.template, {}, { connections: 4 })
})
afterEach(async () => {
  await client.close()
  await backend.close()
})

/** undici takes a connection back one turn of the event loop after its answer; a worker is not faster either. */
async function fetchAndTurn(source: Source): Promise<void> {
  await client.fetchRoster(john, source)
  await turn()
}

describe('connections to a backend', () => {
  it('are used again: one for requests one after the other', async () => {
    for (let i = 0; i < 20; i++) await fetchAndTurn({})
    expect(backend.requests).toHaveLength(20)
    expect(backend.connections()).toBe(1)
  })

  it.each<[string, Behaviour]>([
    ['404', { kind: 'raw', status: 404, body: 'no such user' }],
    ['304', { kind: 'raw', status: 304 }],
    ['a body that is not JSON', { kind: 'raw', body: '<html>' }],
    ['gzip', { kind: 'good', encoding: 'gzip' }],
  ])('are used again after %s', async (_, behaviour) => {
    backend.set('john', behaviour)
    for (let i = 0; i < 3; i++) await fetchAndTurn({ etag: '"a"' })
    expect(backend.connections()).toBe(1)
  })

  it.each<[string, Behaviour]>([
    ['a body without end', { kind: 'endless' }],
    ['a body that is too large', { kind: 'big', bytes: 30e6, announced: true }],
    ['an error page without end', { kind: 'endless', status: 500 }],
  ])('are closed after %s, and not read to their end', async (_, behaviour) => {
    backend.set('john', [behaviour, { kind: 'good' }])
    await client.fetchRoster(john, {})
    expect((await client.fetchRoster(john, {})).kind).toBe('roster')
    await backend.idle()
    expect(backend.requests.map(({ connection, cutOff }) => [connection, cutOff])).toEqual([
      [1, true],
      [2, false],
    ])
  })

  it('are never more than allowed: the others wait, and are answered', async () => {
    const users = Array.from({ length: 100 }, (_, i) => userNamed(`user${i}`))
    const answers = await Promise.all(users.map((user) => client.fetchRoster(user, {})))
    expect(answers.filter(({ kind }) => kind === 'roster')).toHaveLength(100)
    expect(backend.connections()).toBe(4)
  })
})

describe('a kept-alive connection that the backend closes as the next request is on its way', () => {
  let server: Server
  let seen: number[]

  /** Answers the first request of each connection, well unless told otherwise; `second` does what it likes with the next one. */
  async function serve(second: (socket: Socket) => void, first = answerWell): Promise<string> {
    seen = []
    server = createServer((socket) => {
      const connection = seen.push(0) - 1
      socket.on('error', () => {})
      socket.on('data', () => {
        seen[connection] = (seen[connection] ?? 0) + 1
        if (seen[connection] === 1) first(socket)
        else second(socket)
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/%s`
  }

  const answerWell = (socket: Socket): void => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
  }

  afterEach(() => server.close())

  it.each<[string, (socket: Socket) => void]>([
    ['resets', (socket) => void socket.resetAndDestroy()],
    ['ends', (socket) => void socket.end()],
  ])('%s: the request goes out again on another, and nobody hears of it', async (_, second) => {
    const slow = clientFor(await serve(second))
    const first = await slow.fetchRoster(john, {})
    await turn()
    const answers = [first, await slow.fetchRoster(john, {})]
    expect(answers.map(({ kind }) => kind)).toEqual(['roster', 'roster'])
    expect(seen).toEqual([2, 1])
    await slow.close()
  })

  it('in the middle of an answer: that is a failure, and not asked again', async () => {
    const slow = clientFor(
      await serve((socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{', () => socket.destroy())
      }),
    )
    await slow.fetchRoster(john, {})
    await turn()
    expect(await slow.fetchRoster(john, {})).toMatchObject({ code: 'backend-unreachable', retry: 'backoff' })
    expect(seen).toEqual([2])
    await slow.close()
  })

  const broken: [string, (socket: Socket) => void][] = [
    ['that is no HTTP', (socket) => void socket.write('SSH-2.0-OpenSSH_9.2\r\n')],
    ['with too many headers', (socket) => void socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n`)],
    ['with a bad Content-Length', (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}')],
    ['that ends in its first line', (socket) => void socket.end('HTTP/1.1 2')],
    ['of an empty line', (socket) => void socket.end('\r\n')],
  ]

  it.each(broken)(
    'is another thing than a first answer %s: that is a failure, and not asked again',
    async (_, first) => {
      const slow = clientFor(await serve(() => {}, first))
      expect(await slow.fetchRoster(john, {})).toMatchObject({ code: 'backend-unreachable', retry: 'backoff' })
      expect(seen).toEqual([1])
      await slow.close()
    },
  )

  it.each(broken.slice(0, 4))('is another thing than a second answer %s', async (_, second) => {
    const slow = clientFor(await serve(second))
    await slow.fetchRoster(john, {})
    await turn()
    expect(await slow.fetchRoster(john, {})).toMatchObject({ code: 'backend-unreachable', retry: 'backoff' })
    expect(seen).toEqual([2])
    await slow.close()
  })
})
