import { type FailureCode, printable } from '@rollcall/roster'
import { errors } from 'undici'
import { BodyEncodingError, BodyTooLargeError, BrokenOffError, DeadlineError } from './transfer-errors.ts'

/** Whether the same request may go better later; a pause is for the whole domain and costs no attempt. */
export type Retry = 'never' | 'backoff' | { readonly pauseMs: number }

export interface BackendFailure {
  readonly kind: 'failed'
  readonly code: FailureCode
  readonly message: string
  readonly retry: Retry
  /** It may be the backend as a whole that does not work, and not this answer. */
  readonly outage?: true
}

export const failed = (code: FailureCode, message: string, retry: Retry = 'never'): BackendFailure => ({
  kind: 'failed',
  code,
  message,
  retry,
})

/** No answer, or one that says that the backend does not work. */
export const outage = (code: FailureCode, message: string): BackendFailure => ({
  ...failed(code, message, 'backoff'),
  outage: true,
})

/** What nobody foresaw in an answer is a failure of that answer. `conceal` takes credentials out of what is told. */
export const unreadable = (cause: unknown, conceal: (text: string) => string): BackendFailure =>
  failed(
    'roster-invalid',
    `The answer of the backend could not be read (${printable(conceal(String(cause)))})`,
    'backoff',
  )

/** What it means that no answer came, or no whole one. Throws again what no backend can be the cause of. */
export function transferFailure(error: unknown, conceal: (text: string) => string): BackendFailure {
  if (error instanceof DeadlineError) return outage('backend-timeout', `The backend gave ${error.message}`)
  if (error instanceof BodyTooLargeError) return failed('roster-too-large', `The backend sent a ${error.message}`)
  if (error instanceof BodyEncodingError) return failed('roster-invalid', `The backend sent ${error.message}`)
  const code = codeOf(error)
  if (code === undefined && error instanceof BrokenOffError) return unreadable(error.cause, conceal)
  if (code === undefined || OUR_FAULT.has(code)) throw error
  if (code === CONNECT_TIMEOUT) return outage('backend-timeout', 'The backend took no connection in time')
  if (code === PROXY_REFUSED) return outage('backend-unreachable', 'The proxy did not connect to the backend')
  const what = error instanceof BrokenOffError ? 'The answer of the backend broke off' : 'No answer from the backend'
  return outage('backend-unreachable', `${what} (${WORDS[code] ?? printable(code)})`)
}

/** Of undici's own codes the one that everybody meets. */
const WORDS: Readonly<Record<string, string>> = { [new errors.SocketError().code]: 'the connection was closed' }

const CONNECT_TIMEOUT = new errors.ConnectTimeoutError().code
/** undici's error for it; our own ends are told apart before. */
const PROXY_REFUSED = new errors.RequestAbortedError().code
const OUR_FAULT: ReadonlySet<string> = new Set([
  new errors.InvalidArgumentError().code,
  new errors.ClientDestroyedError().code,
  new errors.ClientClosedError().code,
])

/** A few errors of undici have no code, but a name that says as much. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (error instanceof BrokenOffError) return codeOf(error.cause)
  if ('code' in error && typeof error.code === 'string') return error.code
  return error instanceof errors.UndiciError || error instanceof errors.HTTPParserError ? error.name : undefined
}
