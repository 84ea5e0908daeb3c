import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Domain, parseUser, readContactsBody, toV1Roster, type User } from '@rollcall/roster'
import { type DomainConfig, domainOfHost, isRedisTrouble, type Log, type StoredRoster } from '@rollcall/runtime'
import type { Gate } from './gate.ts'
import { type Headers, sendBody, sendJson, sendProblem } from './json-response.ts'
import { lookupMissing } from './lookup-roster.ts'
import type { Waiting } from './patience.ts'
import type { RefreshDeps } from './refresh-users.ts'

export interface ReadDeps extends RefreshDeps {
  readonly gate: Gate
  readonly domains: ReadonlyMap<Domain, DomainConfig>
  readonly waiting: Waiting
  readonly readDeadlineMs: number
  readonly log: Log
}

/** How a roster, and the lack of one, are shown under one path. */
interface Form {
  readonly path: string
  show(user: User, roster: StoredRoster): { readonly body: string | Buffer; readonly etag: string }
  empty(user: User): string
  refuse(response: ServerResponse, status: number, message: string, headers?: Headers): void
}

const CONTACTS: Form = {
  path: '/contacts/',
  show: (_user, { body, etag }) => ({ body, etag: `"${etag}"` }),
  empty: () => '{}',
  refuse: (response, status, message, headers) => sendJson(response, status, { status: 'error', message }, headers),
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
  refuse: (response, status, message, headers) =>
    sendProblem(response, status, TITLES[status] ?? 'Error', message, headers),
}

const TITLES: Record<number, string> = {
  400: 'Unusable username',
  401: 'Token needed',
  403: 'Not allowed',
  404: 'Unknown user',
  405: 'Method not allowed',
  500: 'Internal error',
  502: 'Roster not available',
  503: 'Not available now',
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
    answer(form, request, response, deps).catch((error: unknown) => fail(form, error, response, deps.log))
    return true
  }
}

async function answer(form: Form, request: IncomingMessage, response: ServerResponse, deps: ReadDeps): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return form.refuse(response, 405, 'Rosters can only be read here: use GET or HEAD', { allow: 'GET, HEAD' })
  }
  const caller = deps.gate(request)
  if (caller.kind === 'refused')
    return form.refuse(response, caller.status, caller.message, authenticate(caller.status))
  const user = userAt(form.path, request, deps)
  if (typeof user === 'string') return form.refuse(response, 400, user)
  const forbidden = caller.refusal('read', user.domain)
  if (forbidden) return form.refuse(response, forbidden.status, forbidden.message)

  const stored = await deps.store.read(user.jid)
  if (stored) return send(form, user, stored, request, response)
  return sendMissing(form, user, request, response, deps)
}

export const authenticate = (status: number): Headers =>
  status === 401 ? { 'www-authenticate': 'Bearer, Basic realm="rollcall"' } : {}

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
    const lookup = await lookupMissing(user, patience, deps)
    if (lookup.kind === 'stored') return send(form, user, lookup.roster, request, response)
    if (lookup.kind === 'pending') {
      return form.refuse(
        response,
        503,
        `The roster of ${user.username} is not stored yet and is still being fetched`,
        RETRY_SOON,
      )
    }
    if (lookup.failure.code === 'user-unknown') return sendUnknown(form, user, response, deps)
    const { code, message } = lookup.failure
    form.refuse(
      response,
      503,
      `The roster of ${user.username} is not stored yet and could not be fetched: ${code}: ${message}`,
      RETRY_SOON,
    )
  } finally {
    patience.end()
  }
}

function sendUnknown(form: Form, user: User, response: ServerResponse, { domains }: ReadDeps): void {
  if (domains.get(user.domain)?.unknownUserRead === 'not-found') {
    return form.refuse(response, 404, `The backend knows no user ${user.username}`)
  }
  sendBody(response, 200, form.empty(user), {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'private, no-cache',
  })
}

export const RETRY_SOON: Headers = { 'retry-after': 1 }

function fail(form: Form, error: unknown, response: ServerResponse, log: Log): void {
  if (response.headersSent) return void response.destroy()
  if (isRedisTrouble(error)) return form.refuse(response, 503, 'Redis is not reachable; try again', RETRY_SOON)
  log.error({ err: error }, 'A read failed')
  form.refuse(response, 500, 'Something went wrong here; the log of the api has it')
}
