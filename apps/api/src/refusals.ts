import type { IncomingMessage, ServerResponse } from 'node:http'
import { printable, refusal } from '@rollcall/roster'
import { type Log, redisTrouble } from '@rollcall/runtime'
import type { ApiNumbers } from './api-numbers.ts'
import { type Headers, sendJson, sendProblem } from './json-response.ts'

export interface Refusal {
  readonly status: number
  readonly message: string
  /** In two or three words; default: those of the status. */
  readonly title?: string
  readonly headers?: Headers
  /** Name of the token, when it is known whose it is. */
  readonly caller?: string
}

export type Refuse = (request: IncomingMessage, response: ServerResponse, refusal: Refusal) => void

export const RETRY_SOON: Headers = { 'retry-after': 1 }

export const REDIS_AWAY: Refusal = {
  status: 503,
  message: 'Redis is not reachable or takes no writes; try again',
  headers: RETRY_SOON,
}

/** The same with what Redis itself says, for people: that it is full, or a replica. */
export const redisRefusal = (error: unknown): Refusal => ({
  ...REDIS_AWAY,
  message: `Redis cannot do that now: ${redisTrouble(error)}`,
})

export const BAD_PATH = 'The path has a % that is not followed by two hexadecimal digits of UTF-8'

/** What went wrong has been logged by whoever says this. */
export const OUR_FAULT: Refusal = { status: 500, message: 'Something went wrong here; the log of the api has it' }

/**
 * Answers what is not to be had, and says so in the log. The form belongs to the path: problem+json under /v1 and /ops, the four
 * fields of mod_http_roster_admin under /roster_admin, status and message elsewhere.
 */
export function refuser(log: Log, numbers?: Pick<ApiNumbers, 'refused'>): Refuse {
  return (request, response, { status, message, title, headers = {}, caller }) => {
    numbers?.refused(status)
    const path = pathOf(request)
    const level = status >= 500 ? 'warn' : 'info'
    log[level](
      { method: request.method ?? '', path: printable(path), status, reason: message, ...(caller && { caller }) },
      'Refused',
    )
    const all = { ...(status === 401 && AUTHENTICATE), ...headers }
    if (path.startsWith('/v1/') || path.startsWith('/ops/'))
      sendProblem(response, status, title ?? TITLES[status] ?? 'Error', message, all)
    else
      sendJson(response, status, path.startsWith('/contacts/') ? { status: 'error', message } : refusal(message), all)
  }
}

const AUTHENTICATE: Headers = { 'www-authenticate': 'Bearer, Basic realm="rollcall"' }

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Token needed',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Not possible now',
  413: 'Too large',
  415: 'Unsupported encoding',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available now',
}

/** Without the query, in which anything may stand; Express shortens `url` within routers, not `originalUrl`. */
function pathOf(request: IncomingMessage & { readonly originalUrl?: string }): string {
  const url = request.originalUrl ?? request.url ?? ''
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}
