import { createServer, type RequestListener, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { refusal } from '@rollcall/roster'
import { type Exposition, isRedisTrouble } from '@rollcall/runtime'
import cors from 'cors'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import type { ApiNumbers } from './api-numbers.ts'
import { refusalToLook } from './gate.ts'
import { type HealthDeps, readiness } from './health.ts'
import { sendBody, sendJson } from './json-response.ts'
import type { Access } from './ops/access.ts'
import { opsHeaders } from './ops/headers.ts'
import { opsRouter } from './ops/ops.ts'
import type { OpsRoute } from './ops/route.ts'
import { dashboardFiles } from './ops/static.ts'
import { type ReadDeps, readHandler } from './read-handler.ts'
import { BAD_PATH, OUR_FAULT, REDIS_AWAY } from './refusals.ts'
import { type RouteDeps, routes } from './routes.ts'

export interface ServerDeps
  extends ReadDeps,
    RouteDeps,
    Pick<Access, 'gate' | 'whoAsks' | 'session' | 'audit' | 'isTrustedProxy'> {
  readonly store: RouteDeps['store']
  readonly health: HealthDeps
  readonly corsOrigins: readonly string[]
  readonly numbers: ApiNumbers
  readonly metrics: Exposition
  readonly opsRoutes: readonly OpsRoute[]
  /** Of the built dashboard; null: there is none. */
  readonly dashboardDirectory: string | null
}

/** Longer than the idle time of clients and proxies in front, so that they and not we close a kept connection. */
const KEEP_ALIVE_MS = 75_000
/** A request must have arrived whole within it: a client that drips holds nothing for longer. */
const REQUEST_MS = 60_000

export function apiServer(deps: ServerDeps): Server {
  const read = readHandler(deps)
  const app = application(deps)
  const handle: RequestListener = (request, response) => {
    // Whoever keeps the connection for another request would find it closed.
    if (deps.health.ending()) response.shouldKeepAlive = false
    if (!read(request, response)) app(request, response)
  }
  const server = createServer(
    { requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    deps.corsOrigins.length > 0 ? forPagesOf(deps.corsOrigins, handle) : handle,
  )
  return server.on('clientError', refuseUnreadable)
}

/** What is no HTTP, or has not arrived in time, never becomes a request: it is answered by hand, as Node would. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const [status, message] = UNREADABLE[error.code ?? ''] ?? ['400 Bad Request', 'This is not an HTTP request']
  const body = JSON.stringify(refusal(message))
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
}

const UNREADABLE: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers are longer than 16 KiB'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', `The request did not arrive within ${REQUEST_MS / 1000} s`],
}

/** As Express has it, which takes capital letters for small ones. */
const OPS = /^\/ops(?:[/?]|$)/i

/** Lets web pages of these origins, and of no other, send requests and read the answers; of the dashboard its own pages alone. */
function forPagesOf(origins: readonly string[], handle: RequestListener): RequestListener {
  const crossOrigin = cors({
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST'],
    exposedHeaders: ['Location', 'ETag', 'Age', 'Warning', 'Retry-After'],
  })
  return (request, response) =>
    OPS.test(request.url ?? '')
      ? handle(request, response)
      : crossOrigin(request, response, () => handle(request, response))
}

function application(deps: ServerDeps): Express {
  const app = express().disable('x-powered-by').disable('etag').set('query parser', 'simple')
  app.set('trust proxy', deps.isTrustedProxy)
  app.get('/health/live', (_request, response) => sendJson(response, 200, { status: 'ok' }))
  app.get('/health/ready', async (_request, response) => {
    const { httpStatus, body } = await readiness(deps.health)
    sendJson(response, httpStatus, body)
  })
  app.get('/metrics', metrics(deps))
  for (const { method, path, handlers } of routes(deps)) {
    app[method](path, ...handlers)
    app.all(path, (request, response) => {
      const allow = method === 'get' ? 'GET, HEAD' : 'POST'
      const message = `${request.method} is not possible at ${request.path}: use ${allow}`
      deps.refuse(request, response, { status: 405, message, headers: { allow } })
    })
  }
  app.use('/ops', opsHeaders)
  app.use('/ops/api', opsRouter({ ...deps, routes: deps.opsRoutes }))
  app.use('/ops', dashboardFiles(deps.dashboardDirectory))
  app.use((request, response) =>
    deps.refuse(request, response, { status: 404, message: `There is nothing at ${request.path}` }),
  )
  app.use(onError(deps))
  return app
}

/** The numbers of all domains, for whoever may look at all of them. */
function metrics({ gate, refuse, metrics: { text, contentType } }: ServerDeps): RequestHandler {
  return async (request, response) => {
    const refused = refusalToLook(gate, request)
    if (refused) return refuse(request, response, refused)
    sendBody(response, 200, await text(), { 'content-type': contentType })
  }
}

/** What a caller did wrong is theirs to mend (4xx), Redis' absence is nobody's (503), all else is our bug (500). */
function onError({ log, refuse }: ServerDeps): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    if (response.headersSent) return void response.destroy()
    if (isRedisTrouble(error)) return refuse(request, response, REDIS_AWAY)
    const status = statusOf(error)
    if (status < 500) {
      const headers = status === 413 ? { connection: 'close' } : {}
      return refuse(request, response, { status, message: messageOf(error), headers })
    }
    log.error({ err: error, path: request.path }, 'A request failed')
    refuse(request, response, OUR_FAULT)
  }
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && 'status' in error ? error.status : undefined
  return typeof status === 'number' && status >= 400 ? status : 500
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Bad request'
  if ('type' in error && error.type === 'entity.too.large' && 'limit' in error) {
    return `The body is larger than ${error.limit} bytes (MAX_BODY_BYTES)`
  }
  if ('code' in error && String(error.code).startsWith('Z_'))
    return `The body is not what its Content-Encoding says (${error.message})`
  if (error instanceof URIError) return BAD_PATH
  return error.message
}
