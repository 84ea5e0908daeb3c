import type { Socket } from 'node:net'
import { component, type Element } from '@xmpp/component'
import { TargetError } from './target.ts'
import { codeOf, connectionFailure, type Place, silent } from './xep-0356-failures.ts'
import { type Questions, questions } from './xep-0356-questions.ts'

/** One connection of a component (XEP-0114), from its authentication to its end. It is never made again. */
export interface ComponentConnection {
  /** Aborted at its end, whoever ends it; the reason is a TargetError. */
  readonly gone: AbortSignal
  /** The answer, which may be of type error. Rejects with a TargetError: at the signal, or when the connection ends. */
  readonly ask: Questions['ask']
  end(why: TargetError): void
  /** Says goodbye. */
  close(): Promise<void>
}

export interface ConnectionOptions extends Place {
  readonly secret: string
  readonly timeoutMs: number
  /** Each stanza that is no answer, from before the connection is there. */
  readonly onStanza: (stanza: Element) => void
}

/** How long a server may take to say goodbye. */
const CLOSE_MS = 1_000

/** Connects and authenticates. Rejects with a TargetError, and leaves nothing behind then. */
export function connectComponent(options: ConnectionOptions, signal: AbortSignal): Promise<ComponentConnection> {
  const { service, component: domain, secret, timeoutMs, onStanza } = options
  const xmpp = component({ service, domain, password: secret })
  xmpp.reconnect.stop() // when to try again is not decided here
  xmpp.timeout = timeoutMs
  const gone = new AbortController()
  const { ask, answer, failAll } = questions((stanza) => {
    gatherWrites(xmpp.socket)
    xmpp.send(stanza).catch((error: unknown) => end(connectionFailure(error, options)))
  }, unanswered)
  let isOnline = false
  let heardAt = 0

  function finish(why: TargetError): void {
    gone.abort(why)
    failAll(why)
  }

  function end(why: TargetError): void {
    if (!gone.signal.aborted) finish(why)
    xmpp.socket?.destroy()
  }

  async function close(): Promise<void> {
    if (!gone.signal.aborted) {
      finish(new TargetError('target-unreachable', `The connection to ${service} is closed`))
      xmpp.timeout = CLOSE_MS
      await xmpp.stop()
    }
    xmpp.socket?.destroy()
  }

  // Who has said nothing at all since then is not busy with one roster alone.
  function unanswered(to: string, askedAt: number, cause: unknown): TargetError {
    const isSilent = cause instanceof Error && cause.name === 'TimeoutError' && heardAt < askedAt
    if (isSilent) end(silent(options, cause))
    return new TargetError('target-timeout', `No answer for ${to}`, { scope: 'user', isTemporary: true, cause })
  }

  // It throws at what is no XML at all, and at an empty see-other-host, which it would follow: each would end the process.
  const parse = xmpp._onData.bind(xmpp)
  xmpp._onData = (data) => {
    heardAt = performance.now()
    try {
      parse(data)
    } catch (error) {
      end(connectionFailure(error, options))
    }
  }
  xmpp._onSeeOtherHost = async (error) => end(connectionFailure(error, options))

  xmpp.on('connect', () => {
    xmpp.socket?.setEncoding('utf8') // a character may come in two pieces
    xmpp.socket?.setNoDelay(true)
    xmpp.socket?.setKeepAlive(true, KEEP_ALIVE_MS)
  })
  xmpp.on('stanza', (stanza: Element) => {
    if (!gone.signal.aborted && !answer(stanza)) onStanza(stanza)
  })
  xmpp.on('error', (error: unknown) => {
    if (!isOnline || endsStream(error)) end(connectionFailure(error, options))
  })
  xmpp.on('disconnect', () => end(connectionFailure(undefined, options)))

  return new Promise((resolve, reject) => {
    const onAbort = () => end(silent(options, signal.reason))
    gone.signal.addEventListener('abort', () => reject(gone.signal.reason), { once: true })
    gone.signal.addEventListener('abort', () => signal.removeEventListener('abort', onAbort), { once: true })
    xmpp.on('online', () => {
      isOnline = true
      signal.removeEventListener('abort', onAbort)
      resolve({
        gone: gone.signal,
        ask: async (...question) => {
          gone.signal.throwIfAborted()
          return ask(...question)
        },
        end,
        close,
      })
    })
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) return onAbort()
    xmpp
      .connect(service)
      .then(() => xmpp.open({ domain }))
      .catch((error: unknown) => end(connectionFailure(error, options)))
  })
}

/** What comes up in one turn of the event loop is sent in one write: half of what a stanza costs here is its write. */
function gatherWrites(socket: Socket | null): void {
  if (socket === null || socket.writableCorked > 0) return
  socket.cork()
  setImmediate(() => socket.uncork())
}

/** A host that is gone without a word is noticed in the end, also when nothing is asked. */
const KEEP_ALIVE_MS = 30_000

/** Others are of one stanza, such as an answer that lacks what it must have. */
const endsStream = (error: unknown): boolean =>
  error instanceof Error && (['StreamError', 'XMLError'].includes(error.name) || codeOf(error) !== undefined)
