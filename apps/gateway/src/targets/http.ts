import { printable, type TargetFailureCode } from '@rollcall/roster'
import { retryAfterMs } from '@rollcall/runtime'
import { errors, Pool } from 'undici'
import { exchange, type HttpRequest, type Received } from './http-exchange.ts'
import { inWords } from './socket-words.ts'
import { TargetError } from './target.ts'

export type { HttpRequest } from './http-exchange.ts'

export interface HttpOptions {
  /** Scheme, host, port and credentials of it count. */
  readonly url: URL
  /** Of every request; those of a request win. */
  readonly headers: Readonly<Record<string, string>>
  /** Of Rollcall, for User-Agent. */
  readonly version: string
  /** Kept open at most. A request that waits for one does so on its own time. */
  readonly connections: number
  readonly maxAnswerBytes?: number
}

export interface HttpAnswer {
  readonly status: number
  /** Whole, or empty: `cutOff` says why then. */
  readonly text: string
  readonly cutOff?: TargetError
  readonly retryAfterMs?: number
}

export interface HttpClient {
  /**
   * One attempt, which ends by the signal. Whatever has a status is an answer: redirects are not followed. Throws a
   * TargetError when there is none in time, and the signal's reason when that is not a TimeoutError.
   */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>
  /** Cuts off what is still running: those calls reject. */
  close(): Promise<void>
}

const MAX_ANSWER_BYTES = 64 * 1024
const MAX_RETRY_AFTER_MS = 3_600_000
const CONNECT_TIMEOUT_MS = 5_000
/** Short, since a server that hangs up on the next message looks like one that cannot be reached. */
const KEEP_ALIVE_MS = 1_000
/** When the server says how long it keeps one itself. */
const MAX_KEEP_ALIVE_MS = 10_000

/** HTTP to one server over a pool of its own. */
export function httpClient(options: HttpOptions): HttpClient {
  const { url, version, connections, maxAnswerBytes = MAX_ANSWER_BYTES } = options
  const own = { 'user-agent': `rollcall/${version}`, accept: 'application/json', ...basicAuthorization(url) }
  const headers = { ...own, ...options.headers }
  const pool = new Pool(url.origin, {
    connections,
    pipelining: 1,
    // Each request ends by its signal.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: MAX_KEEP_ALIVE_MS,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  })
  return {
    async send(request, signal) {
      const whole = { ...request, headers: { ...headers, ...request.headers } }
      try {
        return answerOf(await exchange(pool, url.origin, whole, maxAnswerBytes, signal))
      } catch (error) {
        throw signal.aborted && error === signal.reason ? error : transferFailure(error, url.origin)
      }
    },
    close: () => pool.destroy(),
  }
}

/** The JSON of an answer. Throws a TargetError when it is none, or not whole. */
export function jsonOf({ text, cutOff }: HttpAnswer): unknown {
  if (cutOff !== undefined) throw cutOff
  try {
    return JSON.parse(text)
  } catch {
    throw new TargetError('target-answer-invalid', `It sent what is not JSON, it begins: ${printable(text)}`)
  }
}

/** What some statuses mean whoever sends them: nobody can be served for now. Undefined for all others. */
export function statusFailure({ status, retryAfterMs }: HttpAnswer): TargetError | undefined {
  const [code, meaning] = status >= 300 && status < 400 ? REDIRECT : (MEANINGS[status] ?? [])
  if (code === undefined) return undefined
  const message = `It answered ${status}: ${meaning}`
  return new TargetError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs })
}

type Meaning = readonly [TargetFailureCode, string]

const REDIRECT: Meaning = ['target-refused', 'redirects are not followed, configure the address where it really is']
const MEANINGS: Readonly<Record<number, Meaning>> = {
  401: ['target-unauthorised', 'it wants other credentials'],
  403: ['target-unauthorised', 'these credentials do not suffice, or this address is not let in'],
  407: ['target-unauthorised', 'a proxy wants credentials'],
  408: ['target-timeout', 'the request took too long to arrive'],
  425: ['target-overloaded', 'it is not ready yet'],
  429: ['target-overloaded', 'it is asked too often'],
  502: ['target-unreachable', 'what stands in front of it does not reach it'],
  503: ['target-overloaded', 'it is not able to serve anybody'],
  504: ['target-unreachable', 'what stands in front of it gets no answer'],
}

function basicAuthorization({ username, password }: URL): { authorization?: string } {
  if (username === '' && password === '') return {}
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
}

function answerOf({ status, headers, body, cutOff }: Received): HttpAnswer {
  const header = headers['retry-after']
  const pauseMs = retryAfterMs(typeof header === 'string' ? header : undefined, Date.now(), MAX_RETRY_AFTER_MS)
  return {
    status,
    text: body.toString(),
    ...(pauseMs !== undefined && { retryAfterMs: pauseMs }),
    ...(cutOff !== undefined && { cutOff: brokenOff(cutOff) }),
  }
}

function brokenOff(error: Error): TargetError {
  if (error instanceof TargetError) return error
  return new TargetError('target-answer-invalid', `The answer broke off (${codeOf(error) ?? error.name})`, {
    cause: error,
  })
}

/** What it means that no answer came; what is our own doing stays what it is. */
function transferFailure(error: unknown, origin: string): unknown {
  const code = codeOf(error)
  if (error instanceof errors.HTTPParserError || code === HEADERS_OVERFLOW)
    return new TargetError('target-answer-invalid', 'Its answer is not HTTP', { cause: error })
  if (error instanceof TargetError || code === undefined || OUR_DOING.has(code)) return error
  return new TargetError('target-unreachable', `No answer of ${origin} (${WORDS[code] ?? inWords(code)})`, {
    cause: error,
  })
}

const HEADERS_OVERFLOW = new errors.HeadersOverflowError().code
/** Of undici's own codes those that everybody meets. */
const WORDS: Readonly<Record<string, string>> = {
  [new errors.SocketError().code]: 'the connection was closed',
  [new errors.ConnectTimeoutError().code]: `no connection within ${CONNECT_TIMEOUT_MS} ms`,
}
const OUR_DOING: ReadonlySet<string> = new Set([
  new errors.InvalidArgumentError().code,
  new errors.ClientDestroyedError().code,
  new errors.ClientClosedError().code,
])

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
