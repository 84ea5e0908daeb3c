import type { IncomingMessage } from 'node:http'
import {
  type Domain,
  type Failure,
  parseUser,
  printable,
  type RefreshProgress,
  type SummaryAnswer,
  summarise,
  summariseOne,
} from '@rollcall/roster'
import { type DomainConfig, domainOfHost, isRefreshId, type Right, type SpanFacts } from '@rollcall/runtime'
import express, { type Request, type RequestHandler, type Response } from 'express'
import type { ApiNumbers } from './api-numbers.ts'
import type { Caller, Gate, Refused } from './gate.ts'
import { sendJson } from './json-response.ts'
import { type JudgeDeps, judgeEmptied } from './judge-emptied.ts'
import { parseNotification } from './notify.ts'
import type { Waiting } from './patience.ts'
import { readProgress } from './refresh-progress.ts'
import { nameIn, type RefreshDeps, type RefreshRequest, type RefreshResult, refreshUsers } from './refresh-users.ts'
import type { Refuse } from './refusals.ts'

export interface RouteDeps extends RefreshDeps {
  readonly store: RefreshDeps['store'] & JudgeDeps['store']
  readonly gate: Gate
  readonly domains: ReadonlyMap<Domain, DomainConfig>
  readonly waiting: Waiting
  readonly refreshDeadlineMs: number
  readonly maxBodyBytes: number
  readonly maxUsernames: number
  readonly refuse: Refuse
  readonly numbers: Pick<ApiNumbers, 'refreshed'>
}

interface Route {
  readonly method: 'get' | 'post'
  readonly path: string
  readonly handlers: readonly RequestHandler[]
}

const REFRESH = '/roster_admin/refresh'
const REFRESH_ONE = '/roster_admin/refresh/:username'

/** Every path that Express serves; rosters are read in front of it, by `readHandler`. */
export function routes(deps: RouteDeps): Route[] {
  const body = express.raw({ type: () => true, limit: deps.maxBodyBytes })
  return [
    { method: 'post', path: REFRESH, handlers: [allowed(deps), ...traced(deps, REFRESH), body, notify(deps)] },
    { method: 'get', path: REFRESH_ONE, handlers: [allowed(deps), ...traced(deps, REFRESH_ONE), refreshOne(deps)] },
    { method: 'get', path: '/v1/refreshes/:id', handlers: [allowed(deps), progress(deps)] },
    { method: 'post', path: '/v1/domains/:domain/emptied', handlers: [allowed(deps), body, judgeEmptied(deps)] },
  ]
}

/** Looks at who asks before a body is read. What they may do depends on the domains in it. */
function allowed({ gate, refuse, refreshDeadlineMs }: RouteDeps): RequestHandler {
  return (request, response, next) => {
    response.locals.deadline = performance.now() + refreshDeadlineMs // reading and parsing a body takes time, too
    const caller = gate(request)
    if (caller.kind === 'refused') return refuse(request, response, caller)
    response.locals.caller = caller
    next()
  }
}

/** Who was refused is in no trace. */
const traced = ({ tracing }: RouteDeps, path: string): RequestHandler[] =>
  tracing ? [(request, response, next) => tracing.serve(request, response, path, next)] : []

function notify(deps: RouteDeps): RequestHandler {
  return async (request, response) => {
    const caller = callerOf(response)
    const domain = domainOf(request, deps)
    const { users, unusable } = await parseNotification(
      request.body,
      { default: domain, has: (name) => deps.domains.has(name) },
      deps.maxUsernames,
    )
    for (const asked of new Set(users.length > 0 ? users.map((user) => user.domain) : [domain])) {
      const forbidden = caller.refusal('notify', asked)
      if (forbidden) return deps.refuse(request, response, { ...forbidden, caller: caller.name })
    }
    await refreshAndAnswer({ caller: caller.name, domain, users, unusable }, summarise, request, response, deps)
  }
}

function refreshOne(deps: RouteDeps): RequestHandler {
  return async (request, response) => {
    const caller = callerOf(response)
    const domain = domainOf(request, deps)
    const parsed = parseUser(param(request, 'username'), { default: domain, has: (name) => deps.domains.has(name) })
    const forbidden = caller.refusal('notify', parsed.kind === 'user' ? parsed.user.domain : domain)
    if (forbidden) return deps.refuse(request, response, { ...forbidden, caller: caller.name })
    if (parsed.kind === 'unusable') return answerUnusable(parsed.failure, response)
    const refresh = { caller: caller.name, domain, users: [parsed.user], unusable: [] }
    await refreshAndAnswer(refresh, summariseOne, request, response, deps)
  }
}

function answerUnusable(failure: Failure, response: Response): void {
  const { httpStatus, body } = summariseOne({ updated: 0, changed: 0, errors: 1, pending: 0, failures: [failure] })
  sendJson(response, httpStatus, body)
}

async function refreshAndAnswer(
  refresh: RefreshRequest,
  summarised: (result: RefreshResult) => SummaryAnswer<unknown>,
  request: Request,
  response: Response,
  deps: RouteDeps,
): Promise<void> {
  const begun = performance.now()
  const patience = deps.waiting.enter(response, Math.max(0, Number(response.locals.deadline) - performance.now()))
  try {
    const refused = refresh.users.length > 0 ? await deps.openUsers.refusalOfRefresh() : null
    if (refused) return deps.refuse(request, response, { ...refused, caller: refresh.caller })
    const result = await refreshUsers(refresh, patience, deps)
    deps.tracing?.note(factsOf(refresh, result))
    const { httpStatus, body } = summarised(result)
    deps.numbers.refreshed(httpStatus, refresh.users.length, performance.now() - begun)
    sendJson(response, httpStatus, body, httpStatus === 202 ? { location: `/v1/refreshes/${result.refresh}` } : {})
  } finally {
    patience.end()
  }
}

const factsOf = ({ users }: RefreshRequest, { refresh, updated, errors, pending }: RefreshResult): SpanFacts => ({
  'rollcall.refresh': refresh,
  'rollcall.users': users.length,
  'rollcall.updated': updated,
  'rollcall.errors': errors,
  'rollcall.pending': pending,
})

function progress(deps: RouteDeps): RequestHandler {
  return async (request, response) => {
    const id = param(request, 'id')
    const found = isRefreshId(id) ? await readProgress(id, { ...deps, nameOf: nameIn(deps.defaultDomain) }) : null
    const caller = callerOf(response)
    if (!found) {
      const message = `No refresh ${printable(id)} is known: it never was, or it ended too long ago (REFRESH_TTL_S)`
      return deps.refuse(request, response, { status: 404, message, caller: caller.name })
    }
    const forbidden = mayLook(caller, found)
    if (forbidden) return deps.refuse(request, response, { ...forbidden, caller: caller.name })
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
