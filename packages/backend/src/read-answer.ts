import { hash } from 'node:crypto'
import { EMPTY_ROSTER, parseRoster, printable, type Roster, type RosterResult } from '@rollcall/roster'
import { retryAfterMs } from '@rollcall/runtime'
import { type BackendFailure, failed, outage } from './failures.ts'

/** Of the last answer that is stored; both absent: there is none to compare with. */
export interface Source {
  readonly etag?: string
  /** SHA-256 of the decompressed body, base64url. */
  readonly hash?: string
}

export type BackendAnswer =
  /** 304, or a 200 with the same bytes: neither parsed nor compared. */
  | { readonly kind: 'unchanged'; readonly source: Source }
  | { readonly kind: 'roster'; readonly roster: Roster; readonly source: Source }
  /** 410: the user is no more, and nor is the roster. */
  | { readonly kind: 'gone'; readonly code: 'user-unknown'; readonly message: string }
  | BackendFailure

export interface Received {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

export interface ReadingRules {
  readonly maxContacts: number
  readonly unknownUser: 'error' | 'empty'
  readonly retryAfterMaxMs: number
  /** Takes credentials out of what is quoted from the body. */
  conceal(text: string): string
}

/** What the backend's answer means, given what is stored. */
export function readAnswer(received: Received, stored: Source, rules: ReadingRules): BackendAnswer {
  const { status } = received
  if (status === 200) return readRoster(received, stored, rules)
  if (status === 304) return readNotModified(received, stored)
  if (status === 404 || status === 410) {
    if (rules.unknownUser === 'empty') return { kind: 'roster', roster: EMPTY_ROSTER, source: {} }
    if (status === 410) return GONE
    return failed('user-unknown', `The backend does not know this user: it answered ${status}`)
  }
  const message = `The backend answered ${status}`
  if (status === 429 || status === 503) {
    const pauseMs = retryAfterMs(headerOf(received, 'retry-after'), Date.now(), rules.retryAfterMaxMs)
    if (pauseMs !== undefined) return failed('backend-status', `${message} and asked for a pause`, { pauseMs })
  }
  // Without a time to wait for: it will go better later, and the attempts bound how often it is tried.
  if (status === 429) return failed('backend-status', message, 'backoff')
  return status >= 500 ? outage('backend-status', message) : failed('backend-status', message)
}

const GONE: BackendAnswer = {
  kind: 'gone',
  code: 'user-unknown',
  message: 'The backend does not know this user any more: it answered 410',
}

function readNotModified(received: Received, stored: Source): BackendAnswer {
  if (stored.etag === undefined) return failed('backend-status', 'The backend answered 304, but was not asked for that')
  return { kind: 'unchanged', source: { ...stored, etag: etagOf(received) ?? stored.etag } }
}

function readRoster(received: Received, stored: Source, rules: ReadingRules): BackendAnswer {
  const etag = etagOf(received)
  const source: Source = { hash: hash('sha256', received.body, 'base64url'), ...(etag !== undefined && { etag }) }
  if (source.hash === stored.hash) return { kind: 'unchanged', source }
  if (received.body.length === 0) return failed('roster-invalid', 'The backend sent an empty body')
  const text = decode(received.body)
  if (text === undefined) return failed('roster-invalid', 'The backend sent a body that is not UTF-8')
  const parsed = parseText(text, rules)
  if (parsed === undefined) {
    // Concealed before it is shortened: half a token is one no more that could be recognised.
    const begins = printable(rules.conceal(text.slice(0, 4096)))
    return failed('roster-invalid', `The backend sent a body that is not JSON, it begins: ${begins}`)
  }
  if (parsed.kind === 'invalid') return failed(parsed.code, rules.conceal(parsed.message))
  return { kind: 'roster', roster: parsed.roster, source }
}

// A byte order mark is left out.
const utf8 = new TextDecoder('utf-8', { fatal: true })

function decode(body: Buffer): string | undefined {
  try {
    return utf8.decode(body)
  } catch {
    return undefined
  }
}

function parseText(text: string, rules: ReadingRules): RosterResult | undefined {
  try {
    return parseRoster(text, rules)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** One that can be stored and sent back: anything else counts as none. */
function etagOf(received: Received): string | undefined {
  const etag = headerOf(received, 'etag')
  return etag !== undefined && /^[\x21-\x7e]{1,512}$/.test(etag) ? etag : undefined
}

function headerOf({ headers }: Received, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}
