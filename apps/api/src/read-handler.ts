import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Domain, EMPTY_BODY, parseUser, readContactsBody, toV1Roster, type User } from '@rollcall/roster'
import { type DomainConfig, domainOfHost, isRedisTrouble, type Log, type StoredRoster } from '@rollcall/runtime'
import type { ApiNumbers, ReadResult } from './api-numbers.ts'
import type { Gate } from './gate.ts'
import { sendBody } from './json-response.ts'
import { type Lookup, lookupMissing } from './lookup-roster.ts'
import type { Waiting } from './patience.ts'
import type { RefreshDeps } from './refresh-users.ts'
import { OUR_FAULT, REDIS_AWAY, RETRY_SOON, type Refuse } from './refusals.ts'

export interface ReadDeps extends RefreshDeps {
  readonly gate: Gate
  readonly domains: ReadonlyMap<Domain, DomainConfig>
  readonly waiting: Waiting
  readonly readDeadlineMs: number
  readonly refuse: Refuse
  readonly numbers: Pick<ApiNumbers, 'read'>
  readonly log: Log
}

/** How a roster is shown under one path. */
interface Form {
  readonly path: string
  show(user: User, roster: StoredRoster): { readonly body: string | Buffer; readonly etag: string }
  empty(user: User): string
}

const CONTACTS: Form = {
  path: '/contacts/',
  show: (_user, { body, etag }) => ({ body, etag: `"${etag}"` }),
  empty: () => EMPTY_BODY,
}

const V1: Form = {
  path: '/v1/rosters/',
  show: (user, { body, etag, version, fetchedAt }) => {
    const roster = readContactsBody(body.toString())
    return {
      body: JSON.stringify(toV1Roster({ user, version, fetchedAt: new Date(fetchedAt).toISOString(), roster })),
      etag: `W/"${etag}"`,
    }
  },
  empty: (user) =>
    JSON.stringify({
      username: user.username,
      domain: user.domain,
      version: 0,
      fetchedAt: new Date().toISOString(),
      contacts: [],
    }),
}

export type ReadHandler = (request: IncomingMessage, response: ServerResponse) => boolean

/**
 * Serves stored rosters without Express, which alone would cost more than all of this. Returns false for other paths.
 * Whatever is stored is served, however old: a login must not fail because the backend is down.
 */
export function readHandler(deps: ReadDeps): ReadHandler {
  return (request, response) => {
    const url = request.url ?? ''
    const form = url.startsWith(CONTACTS.path) ? CONTACTS : url.startsWith(V1.path) ? V1 : null
    if (!form) return false
    answer(form, request, response, deps).catch((error: unknown) => fail(error, request, response, deps))
    return true
  }
}

async function answer(form: Form, request: IncomingMessage, response: ServerResponse, deps: ReadDeps): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const message = 'Rosters can only be read here: use GET or HEAD'
    return deps.refuse(request, response, { status: 405, message, headers: { allow: 'GET, HEAD' } })
  }
  const caller = deps.gate(request)
  if (caller.kind === 'refused') return deps.refuse(request, response, caller)
  const user = userAt(form.path, request, deps)
  if (typeof user === 'string')
    return deps.refuse(request, response, { status: 400, message: user, caller: caller.name })
  const forbidden = caller.refusal('read', user.domain)
  if (forbidden) return deps.refuse(request, response, { ...forbidden, caller: caller.name })

  deps.usage.mark(user.jid)
  const stored = await deps.store.read(user.jid)
  if (stored) {
    deps.numbers.read(stored.stale ? 'stale' : 'stored')
    return send(form, user, stored, request, response)
  }
  const missing = () => sendMissing(form, user, request, response, deps)
  return deps.tracing ? deps.tracing.serve(request, response, `${form.path}:username`, missing) : missing()
}

/** The user that a path names, or why it names none. */
function userAt(prefix: string, request: IncomingMessage, { domains, defaultDomain }: ReadDeps): User | string {
  const url = request.url ?? ''
  const end = url.indexOf('?')
  const text = decodePath(url.slice(prefix.length, end === -1 ? undefined : end))
  if (text === null) return 'The path has a % that is not followed by two hexadecimal digits of UTF-8'
  const parsed = parseUser(text, {
    default: domainOfHost(request.headers.host, domains, defaultDomain),
    has: (domain) => domains.has(domain),
  })
  return parsed.kind === 'user' ? parsed.user : parsed.failure.message
}

function decodePath(path: string): string | null {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return null
  }
}

function send(form: Form, user: User, roster: StoredRoster, request: IncomingMessage, response: ServerResponse): void {
  const { body, etag } = form.show(user, roster)
  const age = Math.max(0, Math.floor((Date.now() - roster.fetchedAt) / 1000))
  const headers = ['etag', etag, 'age', String(age), ...UNCHANGING]
  if (roster.stale) headers.push('warning', '110 rollcall "Response is Stale"')
  const known = request.headers['if-none-match']
  if (known !== undefined && matches(known, etag)) {
    response.writeHead(304, headers)
    response.end()
    return
  }
  headers.push('content-length', String(Buffer.byteLength(body)))
  response.writeHead(200, headers)
  response.end(body) // Node leaves the body of a HEAD out by itself
}

/** A list of names and values is what Node writes fastest. */
const UNCHANGING = ['cache-control', 'private, no-cache', 'content-type', 'application/json; charset=utf-8']

/** RFC 9110, 13.1.2: `*`, or a list of ETags compared weakly. */
function matches(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === '*') return true
  const strong = etag.replace(/^W\//, '')
  return ifNoneMatch.split(',').some((known) => known.trim().replace(/^W\//, '') === strong)
}

async function sendMissing(
  form: Form,
  user: User,
  request: IncomingMessage,
  response: ServerResponse,
  deps: ReadDeps,
): Promise<void> {
  const patience = deps.waiting.enter(response, deps.readDeadlineMs)
  try {
    const refused = await deps.openUsers.refusalOfLogin()
    if (refused) return deps.refuse(request, response, refused)
    const lookup = await lookupMissing(user, patience, deps)
    deps.numbers.read(resultOf(lookup))
    if (lookup.kind === 'stored') return send(form, user, lookup.roster, request, response)
    if (lookup.kind === 'failed' && lookup.failure.code === 'user-unknown')
      return sendUnknown(form, user, request, response, deps)
    const why =
      lookup.kind === 'pending'
        ? 'was not fetched in time; a refresh of it goes on'
        : `could not be fetched: ${lookup.failure.code}: ${lookup.failure.message}`
    const message = `The roster of ${user.username} is not stored yet and ${why}`
    deps.refuse(request, response, { status: 503, message, headers: RETRY_SOON })
  } finally {
    patience.end()
  }
}

function resultOf(lookup: Lookup): ReadResult {
  if (lookup.kind === 'stored') return 'fetched'
  return lookup.kind === 'failed' && lookup.failure.code === 'user-unknown' ? 'unknown' : lookup.kind
}

function sendUnknown(
  form: Form,
  user: User,
  request: IncomingMessage,
  response: ServerResponse,
  { domains, refuse }: ReadDeps,
): void {
  if (domains.get(user.domain)?.unknownUserRead === 'not-found') {
    return refuse(request, response, { status: 404, message: `The backend knows no user ${user.username}` })
  }
  sendBody(response, 200, form.empty(user), {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'private, no-cache',
  })
}

function fail(error: unknown, request: IncomingMessage, response: ServerResponse, { refuse, log }: ReadDeps): void {
  if (response.headersSent) return void response.destroy()
  if (isRedisTrouble(error)) return refuse(request, response, REDIS_AWAY)
  log.error({ err: error }, 'A read failed')
  refuse(request, response, OUR_FAULT)
}
