import type { OpsTarget } from '@rollcall/roster'
import {
  type HeardProcess,
  isAlive,
  loadScripts,
  type RedisClient,
  type TargetConfig,
  type TargetLog,
  targetLog,
} from '@rollcall/runtime'
import { type NamedTarget, namedTargets } from '../named-targets.ts'

export interface TargetsLookOptions {
  readonly redis: RedisClient
  readonly shards: number
  readonly targets: readonly TargetConfig[]
}

/**
 * How each target does in each shard, as the gateway last wrote that serves it. A Redis that takes no writes takes no heartbeats:
 * that nothing is heard of a gateway says nothing then.
 */
export function targetsLook({ redis, shards, targets }: TargetsLookOptions) {
  const scripts = loadScripts(redis.isCluster)
  const logs = new Map<string, TargetLog[]>()
  let lastNamed: readonly NamedTarget[] | undefined
  const logsOf = (target: string): TargetLog[] => {
    const known = logs.get(target)
    if (known) return known
    const made = Array.from({ length: shards }, (_, shard) => targetLog({ redis, target, shard, scripts }))
    logs.set(target, made)
    return made
  }

  return async (heard: readonly HeardProcess[], takesHeartbeats = true): Promise<OpsTarget[]> => {
    const gateways = new Map(heard.flatMap((one) => (one.role === 'gateway' && isAlive(one) ? [[one.id, one]] : [])))
    const named = takesHeartbeats || !lastNamed ? namedTargets(targets, [...gateways.values()]) : lastNamed
    lastNamed = named
    for (const name of logs.keys()) if (!named.some((target) => target.name === name)) logs.delete(name)
    const ofTargets = named.map(({ name, type, domain }) =>
      logsOf(name).map(async (log, shard): Promise<OpsTarget> => {
        const state = await log.state()
        const place = { target: name, type, domain, shard }
        if (!state) return { ...place, state: 'unserved', ...NOTHING_KNOWN }
        const { holder, waiting, owed, delivered, rejected, nextAttemptAt, lastError } = state
        const isServed = gateways.has(holder) || !takesHeartbeats
        return {
          ...place,
          state: isServed ? state.state : 'unserved',
          ...(isServed && { holder }),
          lagMs: isServed ? state.lagMs : await log.lagMs(), // what was last written says nothing of now
          waiting,
          owed,
          delivered,
          rejected,
          ...(isServed && nextAttemptAt !== undefined && { nextAttemptAt }),
          ...(lastError && { lastError }),
        }
      }),
    )
    return Promise.all(ofTargets.flat())
  }
}

const NOTHING_KNOWN = { lagMs: 0, waiting: 0, owed: 0, delivered: 0, rejected: 0 }
