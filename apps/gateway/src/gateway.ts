import {
  type Config,
  connectRedis,
  expose,
  type Log,
  listen,
  loadMeter,
  newProcessId,
  recorder,
  rosterStore,
  shutDown,
  startHeartbeat,
  type TargetState,
  versionOf,
  vetRedis,
  type Work,
} from '@rollcall/runtime'
import type { Following } from './follow-shard.ts'
import { holdUnits } from './hold-units.ts'
import { makeTarget } from './make-target.ts'
import { readTargets } from './metrics.ts'
import { serveUnits } from './serve-unit.ts'
import { gatewayServer, silentTargets } from './server.ts'
import { targetsOf } from './targets-of.ts'
import { type Unit, unitsOf } from './units.ts'

export interface RunningGateway {
  /** Where health and metrics are asked for. */
  readonly url: string
  /** Takes nothing more, and gives its targets to other gateways, within SHUTDOWN_DEADLINE_MS. */
  stop(): Promise<void>
}

/** Puts a gateway together and tells targets of changes. */
export async function startGateway(config: Config, log: Log): Promise<RunningGateway> {
  const { shards, redisTimeoutMs, heartbeatMs } = config
  const gateway = newProcessId('gateway')
  const version = versionOf(import.meta.url)
  const redis = connectRedis({
    place: config.redis,
    role: 'request', // who waits for Redis longer than a lease must know of it
    name: 'rollcall-gateway',
    timeoutMs: redisTimeoutMs,
    log,
  })
  await vetRedis(redis, redisTimeoutMs, log)
  if (config.targets.length === 0) log.warn('There is nobody to be told of changes: TARGETS is empty')

  const store = rosterStore({ ...config, redis, changesMaxLen: config.changesMaxlen })
  const serving = serveUnits({
    ...config,
    redis,
    store,
    gateway,
    makeTarget: (target, onLogin) => makeTarget(target, { version, log, onLogin }),
    log,
  })
  const stopHeartbeat = startHeartbeat({
    redis,
    id: gateway,
    role: 'gateway',
    version,
    shards,
    intervalMs: heartbeatMs,
    silent: () => silentTargets(serving.followings()),
    targets: () => [...new Set(serving.followings().map(({ target }) => target))],
    load: loadMeter(workOf(serving.followings)),
  })
  const targets = targetsOf(config, log)
  const units = async (): Promise<Unit[]> => unitsOf(await targets(), shards)
  const holding = holdUnits({ ...config, redis, gateway, units, serve: serving.serve, log })

  const numbers = recorder('gateway')
  readTargets(numbers, serving.followings)
  const server = gatewayServer({ redis, followings: serving.followings, metrics: expose(numbers, version) })
  const url = await listen(server, { port: config.gatewayPort, host: config.host, variable: 'GATEWAY_PORT' })
  log.info({ url, targets: config.targets.map(({ name }) => name) }, `Listening on ${url}`)

  return {
    url,
    async stop() {
      await shutDown(
        [
          { name: 'say goodbye', run: stopHeartbeat },
          { name: 'give the targets back', run: holding.stop },
          { name: 'stop listening', run: () => void server.close() },
        ],
        config.shutdownDeadlineMs,
        log,
      )
      server.closeAllConnections()
      redis.disconnect()
    },
  }
}

/** Users brought to targets, and changes that wait to be. */
function workOf(followings: () => readonly Following[]): Work {
  const sum = (value: (state: TargetState) => number): number =>
    followings().reduce((all, { state }) => all + (state() ? value(state() as TargetState) : 0), 0)
  return { done: () => sum(({ delivered }) => delivered), inHand: () => sum(({ waiting }) => waiting) }
}
