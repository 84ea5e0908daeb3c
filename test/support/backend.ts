import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { freePort } from '../../tools/src/index.ts'
import { type Behaviour, behave, type GoodAnswer } from './backend-behaviours.ts'

export type { Behaviour } from './backend-behaviours.ts'

export interface BackendOptions {
  /** 0 or none: a free one. */
  readonly port?: number
  /** Contacts of a user who is not in `rosters`; default 2. */
  readonly contacts?: number
  /** Every roster gets one contact more, `SERIAL_JID`, whose name is the number of the request. See `serialIn`. */
  readonly serials?: boolean
  /** Good answers carry an ETag, and 304 is given for it. */
  readonly etags?: boolean
}

export interface BackendRequest {
  /** 1, 2, 3 … in the order of arrival. */
  readonly serial: number
  /** Decoded; empty when the path was another one. */
  readonly username: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Which connection it came on: 1, 2, 3 … */
  readonly connection: number
  /** Of `performance.now()`. */
  readonly startedAt: number
  /** Undefined: still running. */
  endedAt?: number
  /** The connection broke before all was sent, whoever broke it. */
  cutOff?: boolean
}

export const SERIAL_JID = 'serial@backend.example'

/** The number of the request that a roster of a backend with `serials` came from; 0: not from one. */
export const serialIn = (contacts: Readonly<Record<string, { readonly name?: string }>>): number =>
  Number(contacts[SERIAL_JID]?.name ?? 0)

export type TestBackend = Awaited<ReturnType<typeof startBackend>>

/**
 * A real HTTP server in the role of the application: rosters at `/contacts/<username>`, good ones unless told otherwise.
 * In the process of the test, for clients in whatever process. `close()` at the end.
 */
export async function startBackend({ port = 0, contacts = 2, serials = false, etags = false }: BackendOptions = {}) {
  const requests: BackendRequest[] = []
  const rosters = new Map<string, unknown>()
  const behaviours = new Map<string, readonly Behaviour[]>()
  const running = new Map<string, number>()
  const most = new Map<string, number>()
  const arrivals = new Map<string, number>()
  const waiters = new Set<() => void>()
  const connectionOf = new WeakMap<Socket, number>()
  let connections = 0
  let runningInAll = 0
  const madeUp = JSON.stringify(madeUpRoster(contacts))

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const arrived = note(request, response)
    const good = goodAnswer(arrived)
    behave(nextBehaviour(arrived.username), good, response).catch((error: Error) => response.destroy(error))
  })
  server.on('connection', (socket: Socket) => {
    connections += 1
    connectionOf.set(socket, connections)
    for (const look of waiters) look()
    socket.on('error', () => {})
  })

  function note(request: IncomingMessage, response: ServerResponse): BackendRequest {
    const url = request.url ?? ''
    const arrived: BackendRequest = {
      serial: requests.length + 1,
      username: usernameIn(url),
      url,
      headers: request.headers,
      connection: connectionOf.get(request.socket) ?? 0,
      startedAt: performance.now(),
    }
    requests.push(arrived)
    runningInAll += 1
    const { username } = arrived
    const now = (running.get(username) ?? 0) + 1
    running.set(username, now)
    if (now > (most.get(username) ?? 0)) most.set(username, now)
    arrivals.set(username, (arrivals.get(username) ?? 0) + 1)
    response.once('close', () => {
      arrived.endedAt = performance.now()
      arrived.cutOff = !response.writableFinished
      runningInAll -= 1
      running.set(username, (running.get(username) ?? 1) - 1)
      for (const look of waiters) look()
    })
    for (const look of waiters) look()
    return arrived
  }

  function nextBehaviour(username: string): Behaviour {
    const key = behaviours.has(username) ? username : '*'
    const [next = GOOD, ...rest] = behaviours.get(key) ?? []
    if (rest.length > 0) behaviours.set(key, rest)
    return next
  }

  function goodAnswer({ username, serial, headers }: BackendRequest): GoodAnswer {
    const roster = rosters.get(username)
    let body = roster === undefined ? madeUp : JSON.stringify(roster)
    if (serials) {
      const contact = `${JSON.stringify(SERIAL_JID)}:${JSON.stringify({ name: String(serial) })}`
      body = body === '{}' ? `{${contact}}` : `${body.slice(0, -1)},${contact}}`
    }
    const bytes = Buffer.from(body)
    const json = { 'content-type': 'application/json', 'content-length': String(bytes.length) }
    if (!etags) return { status: 200, headers: json, body: bytes }
    const etag = `"${createHash('sha1').update(bytes).digest('base64url')}"`
    if (headers['if-none-match'] === etag) return { status: 304, headers: { etag }, body: Buffer.alloc(0) }
    return { status: 200, headers: { ...json, etag }, body: bytes }
  }

  /** Resolves as soon as `condition` is true; looks whenever a connection or a request arrives, or a request ends. */
  function until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return
        waiters.delete(look)
        resolve()
      }
      waiters.add(look)
      look()
    })
  }

  /** At the port of before, which nobody has been given meanwhile. */
  async function start(): Promise<void> {
    const isFirst = port === 0
    for (;;) {
      if (isFirst) port = await freePort()
      try {
        server.listen(port, '127.0.0.1')
        await once(server, 'listening')
        return
      } catch (error) {
        if (!isFirst) throw error // else somebody was faster
      }
    }
  }

  /** Breaks every connection; from then on, connections are refused. */
  async function stop(): Promise<void> {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }

  await start()
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    template: `${url}/contacts/%s`,
    /** All so far, in the order of arrival. */
    requests,
    /** By username: the JSON to serve. Read when a request arrives. */
    rosters,
    /** `'*'`: for all who have none of their own. Of a list, each request takes one, and the last one stays. */
    set(username: string, behaviour: Behaviour | readonly Behaviour[]): void {
      behaviours.set(username, Array.isArray(behaviour) ? behaviour : [behaviour as Behaviour])
    },
    /** Good again. Without a name: all of them. */
    unset(username?: string): void {
      if (username === undefined) behaviours.clear()
      else behaviours.delete(username)
    },
    /** Requests are kept waiting, with the roster they found, until `release()`: then they and later ones go on as `next`. */
    hold(username: string, next: Behaviour = GOOD): { release(): void } {
      const { promise, release } = gate()
      const held: readonly Behaviour[] = [{ kind: 'hold', until: promise, next }]
      behaviours.set(username, held)
      return {
        release() {
          if (behaviours.get(username) === held) behaviours.set(username, [next])
          release()
        },
      }
    },
    /** Resolves when that many requests for the user have arrived since the start. */
    arrived: (username: string, count = 1) => until(() => (arrivals.get(username) ?? 0) >= count),
    /** Resolves when no request is running. */
    idle: () => until(() => runningInAll === 0),
    until,
    inFlight: (username: string): number => running.get(username) ?? 0,
    maxInFlight: (username: string): number => most.get(username) ?? 0,
    /** Connections taken so far. */
    connections: () => connections,
    stop,
    /** After `stop()`, on the same port. */
    start,
    close: stop,
  }
}

const GOOD: Behaviour = { kind: 'good' }

const madeUpRoster = (contacts: number): Record<string, unknown> =>
  Object.fromEntries(
    Array.from({ length: contacts }, (_, i) => [
      `contact${i}@example.org`,
      { name: `Contact ${i}`, groups: ['Friends'], subscription: 'both' },
    ]),
  )

function usernameIn(url: string): string {
  const encoded = /^\/contacts\/((?:%[0-9a-f]{2}|[^/?%])*)/i.exec(url)?.[1]
  return encoded === undefined ? '' : decodeURIComponent(encoded)
}

function gate(): { promise: Promise<void>; release(): void } {
  let release = (): void => {}
  const promise = new Promise<void>((resolve) => {
    release = resolve
  })
  return { promise, release: () => release() }
}
