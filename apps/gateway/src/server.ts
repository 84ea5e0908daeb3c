import { createServer, type Server, type ServerResponse } from 'node:http'
import { type RedisClient, redisTrouble, type SilentTarget } from '@rollcall/runtime'
import type { Following } from './follow-shard.ts'
import { gatewayMetrics } from './metrics.ts'

export interface GatewayServerDeps {
  readonly redis: RedisClient
  readonly followings: () => readonly Following[]
}

/** What is asked of a gateway: whether it lives, how its targets do, and numbers. */
export function gatewayServer({ redis, followings }: GatewayServerDeps): Server {
  const metrics = gatewayMetrics(followings)
  return createServer((request, response) => {
    const [path] = (request.url ?? '/').split('?') // no URL: what is none, such as //, must not end a gateway
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(response, 405, { status: 'error', message: `${request.method} is not possible here: use GET` })
    if (path === '/health/live') return send(response, 200, { status: 'ok' })
    if (path === '/health/ready')
      return void readiness(redis, followings()).then(([status, body]) => send(response, status, body))
    if (path === '/metrics') return void metrics.text().then((text) => send(response, 200, text, metrics.contentType))
    send(response, 404, {
      status: 'error',
      message: `There is nothing at ${path}: ask /health/live, /health/ready or /metrics`,
    })
  })
}

/** Ready = Redis can be read. A target that cannot be reached is told of, and takes no gateway out of service. */
async function readiness(redis: RedisClient, followings: readonly Following[]): Promise<[number, object]> {
  const trouble = await redis.ping().then(
    () => null,
    (error: unknown) => redisTrouble(error),
  )
  if (trouble !== null) return [503, { status: 'unavailable', reasons: [`Redis cannot be read: ${trouble}`] }]
  const targets = followings.flatMap(({ target, shard, state }) => {
    const now = state()
    return now ? [{ target, shard, ...now }] : []
  })
  const reasons = silentTargets(followings).map(
    ({ target, shard, isDisabled, reason }) =>
      `${target}, shard ${shard}, ${isDisabled ? 'is disabled' : 'takes nothing'} (${reason})`,
  )
  return [200, { status: reasons.length > 0 ? 'degraded' : 'ok', reasons, targets }]
}

/** Targets that take nothing at present, and why. */
export function silentTargets(followings: readonly Following[]): SilentTarget[] {
  return followings.flatMap(({ target, shard, state }) => {
    const now = state()
    if (now?.state !== 'disabled' && now?.state !== 'unavailable') return []
    const { waiting, lastError } = now
    const reason = lastError ? `${lastError.code}: ${lastError.message}` : 'it has not been tried yet'
    return [{ target, shard, isDisabled: now.state === 'disabled', waiting, reason }]
  })
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
