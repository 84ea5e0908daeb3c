import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { type Behaviour, behave } from './backend-behaviours.ts'
import { listenInTest } from './listen-in-test.ts'

export interface ReceivedRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Which connection it came on: 1, 2, 3 … */
  readonly connection: number
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>

/** A real HTTP server that takes requests of any kind and answers as it is told: 204 unless told otherwise. Ends with the test. */
export async function startReceiver({ host = '127.0.0.1', port = 0 } = {}) {
  const requests: ReceivedRequest[] = []
  const connectionOf = new WeakMap<Socket, number>()
  let answer: (request: ReceivedRequest) => Behaviour = () => 204
  let connections = 0

  const server = createServer({ keepAliveTimeout: 60_000 }, async (request, response) => {
    const received: ReceivedRequest = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: await bodyOf(request),
      connection: connectionOf.get(request.socket) ?? 0,
    }
    requests.push(received)
    await behave(answer(received), GOOD, response)
  })
  server.on('connection', (socket: Socket) => {
    connections += 1
    connectionOf.set(socket, connections)
    socket.on('error', () => {})
  })
  const { url, close } = await listenInTest(server, host, port)

  return {
    url,
    /** All so far, in the order of arrival. */
    requests,
    /** Of `good` answers, the body is `{"good":true}`. */
    answer(next: Behaviour | ((request: ReceivedRequest) => Behaviour)): void {
      answer = typeof next === 'function' ? next : () => next
    },
    /** Connections taken so far. */
    connections: () => connections,
    close,
  }
}

const GOOD = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"good":true}'),
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  try {
    for await (const part of request) parts.push(part)
  } catch {
    // The other side has gone.
  }
  return Buffer.concat(parts).toString()
}
