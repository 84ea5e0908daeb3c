import type { IncomingMessage } from 'node:http'
import {
  type Domain,
  type Failure,
  parseUser,
  printable,
  type RefreshProgress,
  refusal,
  summarise,
  summariseOne,
} from '@rollcall/roster'
import { type DomainConfig, domainOfHost, PRIORITY, type Right } from '@rollcall/runtime'
import express, { type Request, type RequestHandler, type Response } from 'express'
import type { Caller, Gate, Refused } from './gate.ts'
import { sendJson, sendProblem } from './json-response.ts'
import { parseNotification } from './notify.ts'
import type { Waiting } from './patience.ts'
import { authenticate } from './read-handler.ts'
import { readProgress } from './refresh-progress.ts'
import { nameIn, type RefreshDeps, refreshUser, refreshUsers } from './refresh-users.ts'

export interface RouteDeps extends RefreshDeps {
  readonly gate: Gate
  readonly domains: ReadonlyMap<Domain, DomainConfig>
  readonly waiting: Waiting
  readonly refreshDeadlineMs: number
  readonly maxBodyBytes: number
  readonly maxUsernames: number
}

interface Route {
  readonly method: 'get' | 'post'
  readonly path: string
  readonly handlers: readonly RequestHandler[]
}

/** Every path that Express serves; rosters are read in front of it, by `readHandler`. */
export function routes(deps: RouteDeps): Route[] {
  const body = express.raw({ type: () => true, limit: deps.maxBodyBytes })
  return [
    { method: 'post', path: '/roster_admin/refresh', handlers: [allowed(deps), body, notify(deps)] },
    { method: 'get', path: '/roster_admin/refresh/:username', handlers: [allowed(deps), refreshOne(deps)] },
    { method: 'get', path: '/v1/refreshes/:id', handlers: [allowed(deps), progress(deps)] },
  ]
}

/** Looks at who asks before a body is read. What they may do depends on the domains in it. */
function allowed({ gate }: RouteDeps): RequestHandler {
  return (request, response, next) => {
    const caller = gate(request)
    if (caller.kind === 'refused') return refuse(request, response, caller.status, caller.message)
    response.locals.caller = caller
    next()
  }
}

function notify(deps: RouteDeps): RequestHandler {
  return async (request, response) => {
    const caller = callerOf(response)
    const domain = domainOf(request, deps)
    const { users, unusable } = parseNotification(
      request.body,
      { default: domain, has: (name) => deps.domains.has(name) },
      deps.maxUsernames,
    )
    for (const asked of new Set(users.length > 0 ? users.map((user) => user.domain) : [domain])) {
      const forbidden = caller.refusal('notify', asked)
      if (forbidden) return refuse(request, response, forbidden.status, forbidden.message)
    }
    const patience = deps.waiting.enter(response, deps.refreshDeadlineMs)
    try {
      const result = await refreshUsers({ caller: caller.name, domain, users, unusable }, patience, deps)
      const { httpStatus, body } = summarise(result)
      sendJson(response, httpStatus, body, httpStatus === 202 ? { location: `/v1/refreshes/${result.refresh}` } : {})
    } finally {
      patience.end()
    }
  }
}

function refreshOne(deps: RouteDeps): RequestHandler {
  return async (request, response) => {
    const domain = domainOf(request, deps)
    const parsed = parseUser(param(request, 'username'), { default: domain, has: (name) => deps.domains.has(name) })
    const forbidden = callerOf(response).refusal('notify', parsed.kind === 'user' ? parsed.user.domain : domain)
    if (forbidden) return refuse(request, response, forbidden.status, forbidden.message)
    if (parsed.kind === 'unusable') return answerOne(response, parsed.failure)
    const patience = deps.waiting.enter(response, deps.refreshDeadlineMs)
    try {
      const { pending, failures } = await refreshUser(parsed.user, PRIORITY.small, patience, deps)
      answerOne(response, pending > 0 ? 'pending' : (failures[0] ?? 'updated'))
    } finally {
      patience.end()
    }
  }
}

function answerOne(response: Response, result: 'pending' | 'updated' | Failure): void {
  const { httpStatus, body } = summariseOne(
    typeof result === 'string' ? { kind: result } : { kind: 'failed', failure: result },
  )
  sendJson(response, httpStatus, body)
}

/** What ids of refreshes look like: no other text may become part of a key of Redis. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function progress(deps: RouteDeps): RequestHandler {
  return async (request, response) => {
    const id = param(request, 'id')
    const found = UUID.test(id) ? await readProgress(id, { ...deps, nameOf: nameIn(deps.defaultDomain) }) : null
    if (!found)
      return sendProblem(
        response,
        404,
        'Unknown refresh',
        `No refresh ${printable(id)} is known: it never was, or it ended too long ago (REFRESH_TTL_S)`,
      )
    const forbidden = mayLook(callerOf(response), found)
    if (forbidden) return refuse(request, response, forbidden.status, forbidden.message)
    sendJson(response, 200, found)
  }
}

const LOOKING: readonly Right[] = ['notify', 'view', 'operate']

/** Who sent a refresh may see what became of it, also when its users were of other domains than the Host named. */
function mayLook(caller: Caller, { caller: sender, domain }: RefreshProgress): Refused | null {
  if (caller.name === sender || LOOKING.some((right) => caller.refusal(right, domain) === null)) return null
  return caller.refusal('notify', domain)
}

const param = (request: Request, name: string): string => String(request.params[name] ?? '')

const callerOf = (response: Response): Caller => response.locals.caller as Caller

const domainOf = (request: Request | IncomingMessage, { domains, defaultDomain }: RouteDeps): Domain =>
  domainOfHost(request.headers.host, domains, defaultDomain)

/** In the form that belongs to the path: problem+json under /v1, the module's four fields elsewhere. */
export function refuse(
  request: { readonly path: string },
  response: Response,
  status: number,
  message: string,
  headers: Record<string, string | number> = {},
): void {
  const all = { ...authenticate(status), ...headers }
  if (request.path.startsWith('/v1/')) sendProblem(response, status, TITLES[status] ?? 'Error', message, all)
  else sendJson(response, status, refusal(message), all)
}

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Token needed',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  413: 'Too large',
  415: 'Unsupported encoding',
  500: 'Internal error',
  503: 'Not available now',
}
