import { isRedisTrouble, type Log, type Tracing } from '@rollcall/runtime'
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Router } from 'express'
import { sendJson } from '../json-response.ts'
import { BAD_PATH, OUR_FAULT, type Refuse, redisRefusal } from '../refusals.ts'
import type { AuditLog, AuditResult } from './audit.ts'
import { insistOnOwnPage } from './own-page.ts'
import { queryOf } from './query.ts'
import { insistOnAll, type Operator, OpsError, type OpsRoute } from './route.ts'
import type { WhoAsks } from './who-asks.ts'

export interface OpsDeps {
  readonly routes: readonly OpsRoute[]
  /** Logging in and out. */
  readonly session: Router
  readonly whoAsks: WhoAsks
  readonly audit: Pick<AuditLog, 'record'>
  readonly refuse: Refuse
  readonly tracing?: Tracing | undefined
  readonly log: Log
}

/** Far above what any route takes. */
const MAX_BODY_BYTES = 1024 * 1024

/** Everything below /ops/api: who asks is looked at here, for every route alike, before anything is done. */
export function opsRouter({ routes, session, whoAsks, audit, refuse, tracing, log }: OpsDeps): Router {
  const router = express.Router()
  router.use((_request, response, next) => {
    response.setHeader('cache-control', 'no-store')
    next()
  })
  router.use(session)
  const body = express.json({ limit: MAX_BODY_BYTES, strict: false, type: () => true })
  for (const route of routes)
    router[route.method](
      route.path,
      allowed(route, whoAsks, audit),
      ...traced(route, tracing),
      body,
      handler(route, whoAsks, audit),
    )
  router.use((request) => {
    throw new OpsError(404, `There is nothing at ${request.originalUrl.split('?', 1)[0]} for ${request.method}`)
  })
  router.use(onError(refuse, log))
  return router
}

function allowed(
  { method, right, scope, action }: OpsRoute,
  whoAsks: WhoAsks,
  audit: OpsDeps['audit'],
): RequestHandler {
  return async (request, response, next) => {
    const writes = method !== 'get'
    const { operator, pages } = await whoAsks(request, writes)
    response.locals.operator = operator
    try {
      if (writes && pages !== 'any') insistOnOwnPage(request, { mayBeSilent: pages === 'own-or-none' })
      if (!operator.rights.includes(right)) throw new OpsError(403, `"${operator.name}" has no right to ${right}`)
      if (scope === 'everywhere' && right !== 'view') insistOnAll(operator, right)
    } catch (error) {
      if (action) await audit.record({ who: nameOf(operator), action, what: readablePath(request), result: 'refused' })
      throw error
    }
    next()
  }
}

/** For the audit log, of what was refused before it said what it is about: `/users/john@example.org/refresh`. */
const readablePath = ({ path }: Request): string => decodeURIComponent(path)

/** For the audit log: whom a proxy names may have the name of a token. */
const nameOf = ({ name, by }: Operator): string => (by === 'proxy' ? `${name} (by the proxy)` : name)

/** What operators do may ask for users. */
const traced = ({ right, path }: OpsRoute, tracing: Tracing | undefined): RequestHandler[] =>
  tracing && right === 'operate'
    ? [(request, response, next) => tracing.serve(request, response, `/ops/api${path}`, next)]
    : []

function handler(route: OpsRoute, whoAsks: WhoAsks, audit: OpsDeps['audit']): RequestHandler {
  return async (request, response) => {
    const operator = response.locals.operator as Operator
    let told: { what: string; count?: number } = { what: readablePath(request) }
    const record = async (result: AuditResult): Promise<void> => {
      if (route.action) await audit.record({ who: nameOf(operator), action: route.action, ...told, result })
    }
    const call = {
      operator,
      whoAsksNow: async () => (await whoAsks(request, false)).operator,
      params: request.params as Record<string, string>,
      query: queryOf(request),
      body: request.body,
      tell: (what: string, count?: number) => {
        told = count === undefined ? { what } : { what, count }
      },
      request,
      response,
    }
    const answer = await route.handle(call).catch(async (error: unknown) => {
      await record(error instanceof OpsError && error.status < 500 ? 'refused' : 'failed')
      throw error
    })
    await record('done')
    if (route.status === 204) response.writeHead(204).end()
    else if (answer !== undefined) sendJson(response, route.status ?? 200, answer)
  }
}

/** Not Basic as well: a browser would ask for a name and a password by itself. */
const BEARER = { 'www-authenticate': 'Bearer' }

function onError(refuse: Refuse, log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    if (response.headersSent) return void response.destroy()
    const caller = (response.locals.operator as Operator | undefined)?.name
    const by = caller === undefined ? {} : { caller }
    if (error instanceof OpsError) {
      const headers = error.status === 401 ? BEARER : {}
      const { status, message, title } = error
      return refuse(request, response, { status, message, headers, ...by, ...(title !== undefined && { title }) })
    }
    if (isRedisTrouble(error)) return refuse(request, response, { ...redisRefusal(error), ...by })
    const status = error instanceof Error && 'status' in error ? Number(error.status) : 500
    if (status < 500)
      return refuse(request, response, {
        status,
        message:
          error instanceof URIError ? BAD_PATH : `The body is not JSON that is taken here: ${(error as Error).message}`,
        ...by,
      })
    log.error({ err: error, path: request.path }, 'A request of the dashboard failed')
    refuse(request, response, { ...OUR_FAULT, ...by })
  }
}
