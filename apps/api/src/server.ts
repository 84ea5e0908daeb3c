import { createServer, type RequestListener, type Server } from 'node:http'
import { isRedisTrouble } from '@rollcall/runtime'
import cors from 'cors'
import express, { type ErrorRequestHandler, type Express } from 'express'
import { type HealthDeps, readiness } from './health.ts'
import { sendJson } from './json-response.ts'
import { RETRY_SOON, type ReadDeps, readHandler } from './read-handler.ts'
import { type RouteDeps, refuse, routes } from './routes.ts'

export interface ServerDeps extends ReadDeps, RouteDeps {
  readonly health: HealthDeps
  readonly corsOrigins: readonly string[]
}

/** Longer than the idle time of clients and proxies in front, so that they and not we close a kept connection. */
const KEEP_ALIVE_MS = 75_000
/** A request must have arrived whole within it: a client that drips holds nothing for longer. */
const REQUEST_MS = 60_000

export function apiServer(deps: ServerDeps): Server {
  const read = readHandler(deps)
  const app = application(deps)
  const handle: RequestListener = (request, response) => {
    if (!read(request, response)) app(request, response)
  }
  return createServer(
    { requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    deps.corsOrigins.length > 0 ? forPagesOf(deps.corsOrigins, handle) : handle,
  )
}

/** Lets web pages of these origins, and of no other, send requests and read the answers. */
function forPagesOf(origins: readonly string[], handle: RequestListener): RequestListener {
  const crossOrigin = cors({
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST'],
    exposedHeaders: ['Location', 'ETag', 'Age', 'Warning', 'Retry-After'],
  })
  return (request, response) => crossOrigin(request, response, () => handle(request, response))
}

function application(deps: ServerDeps): Express {
  const app = express().disable('x-powered-by').disable('etag').set('query parser', 'simple')
  app.get('/health/live', (_request, response) => sendJson(response, 200, { status: 'ok' }))
  app.get('/health/ready', async (_request, response) => {
    const { httpStatus, body } = await readiness(deps.health)
    sendJson(response, httpStatus, body)
  })
  for (const { method, path, handlers } of routes(deps)) {
    app[method](path, ...handlers)
    app.all(path, (request, response) => {
      const allow = method === 'get' ? 'GET, HEAD' : 'POST'
      refuse(request, response, 405, `${request.method} is not possible here: use ${allow}`, { allow })
    })
  }
  app.use((request, response) => refuse(request, response, 404, `There is nothing at ${request.path}`))
  app.use(onError(deps))
  return app
}

/** What a caller did wrong is theirs to mend (4xx), Redis' absence is nobody's (503), all else is our bug (500). */
function onError({ log }: ServerDeps): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    if (response.headersSent) return void response.destroy()
    if (isRedisTrouble(error))
      return refuse(request, response, 503, 'Redis is not reachable or takes no writes; try again', RETRY_SOON)
    const status = statusOf(error)
    if (status < 500)
      return refuse(request, response, status, messageOf(error), status === 413 ? { connection: 'close' } : {})
    log.error({ err: error, path: request.path }, 'A request failed')
    refuse(request, response, 500, 'Something went wrong here; the log of the api has it')
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
  if (error instanceof URIError) return 'The path has a % that is not followed by two hexadecimal digits of UTF-8'
  return error.message
}
