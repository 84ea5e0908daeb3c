import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Exposition } from './numbers/index.ts'
import type { RedisClient } from './redis.ts'
import { redisTrouble } from './redis-trouble.ts'

export interface ProcessServerDeps {
  readonly redis: RedisClient
  /** What is asked beside: whether it does its work, and why not. */
  condition(): { readonly reasons: readonly string[] }
  readonly metrics: Exposition
}

/** What is asked of a process that serves nobody else: whether it lives, whether it does its work, and numbers. */
export function processServer({ redis, condition, metrics }: ProcessServerDeps): Server {
  return createServer((request, response) => {
    const [path] = (request.url ?? '/').split('?') // no URL: what is none, such as //, must not end a process
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(response, 405, { status: 'error', message: `${request.method} is not possible here: use GET` })
    if (path === '/health/live') return send(response, 200, { status: 'ok' })
    if (path === '/health/ready')
      return void readiness(redis, condition).then(([status, body]) => send(response, status, body))
    if (path === '/metrics') return void metrics.text().then((text) => send(response, 200, text, metrics.contentType))
    send(response, 404, {
      status: 'error',
      message: `There is nothing at ${path}: ask /health/live, /health/ready or /metrics`,
    })
  })
}

export interface Place {
  readonly port: number
  readonly host: string
  /** By which another port can be set. */
  readonly variable: string
}

/** Listens, and says where: `http://127.0.0.1:8082`. Rejects when the port is taken, with what to do. */
export async function listen(server: Server, { port, host, variable }: Place): Promise<string> {
  server.listen(port, host)
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    throw new Error(`Port ${port} of ${host} is taken: stop what listens there, or set ${variable}`, { cause: error })
  })
  const { address, port: given } = server.address() as AddressInfo
  return `http://${address.includes(':') ? `[${address}]` : address}:${given}`
}

/** Ready = Redis can be read. What does not work besides is told of, and takes no process out of service. */
async function readiness(redis: RedisClient, condition: ProcessServerDeps['condition']): Promise<[number, object]> {
  const trouble = await redisTroubleNow(redis)
  if (trouble !== null) return [503, { status: 'unavailable', reasons: [`Redis cannot be read: ${trouble}`] }]
  const { reasons, ...more } = condition()
  return [200, { status: reasons.length > 0 ? 'degraded' : 'ok', reasons, ...more }]
}

/** A connection that works in the background would wait for Redis without an end. */
async function redisTroubleNow(redis: RedisClient): Promise<string | null> {
  if (redis.status !== 'ready') return `the connection is ${redis.status}`
  return redis.ping().then(
    () => null,
    (error: unknown) => redisTrouble(error),
  )
}

function send(
  response: ServerResponse,
  status: number,
  body: object | string,
  type = 'application/json; charset=utf-8',
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text)
}
