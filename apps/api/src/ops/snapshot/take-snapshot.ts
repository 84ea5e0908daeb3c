import type { OpsBackend, OpsProcess, OpsQueue, OpsSnapshot, OpsTarget } from '@rollcall/roster'
import type { Config, HeardProcess, QueueControl, RosterStore, Totals } from '@rollcall/runtime'
import { type HealthDeps, healthFacts, healthOf } from '../../health.ts'
import { opsBackends } from './backends.ts'
import { opsProcesses, silentProcesses } from './processes.ts'
import { redisLook } from './redis.ts'
import { steadier } from './steady.ts'
import { targetsLook } from './targets.ts'

export interface SnapshotDeps extends HealthDeps {
  /** Id of this api. */
  readonly replica: string
  readonly config: Pick<Config, 'redis' | 'domains' | 'targets' | 'shards'>
  readonly store: HealthDeps['store'] & Pick<RosterStore, 'totals'>
  readonly queues: HealthDeps['queues'] & Pick<QueueControl, 'state'>
}

/** Looks at everything that a dashboard shows all the time. What cannot be read is as it was last. */
export function snapshotLook(deps: SnapshotDeps): () => Promise<OpsSnapshot> {
  const { config, redis, store, queues, openUsers, replica } = deps
  const { steady, next } = steadier()
  const lookAtRedis = redisLook({ redis, place: config.redis })
  const lookAtTargets = targetsLook({ ...config, redis })
  const last: Last = { totals: NOTHING_COUNTED, heard: [], processes: [], targets: [], queues: [], backends: [] }

  return async () => {
    const [facts, redisNow, totals, ofQueues] = await Promise.all([
      healthFacts(deps),
      lookAtRedis(steady),
      store.totals().catch(() => last.totals),
      queuesNow(queues, config.shards).catch(() => last.queues),
    ])
    last.totals = totals
    last.queues = ofQueues
    if (typeof facts.processes !== 'string') {
      last.heard = facts.processes
      last.processes = opsProcesses(facts.processes, steady)
      last.backends = opsBackends(config.domains.keys(), facts)
      last.targets = await lookAtTargets(facts.processes).catch(() => last.targets)
    }
    const { httpStatus, body } = healthOf(facts, deps)
    const reasons = [...body.reasons, ...(httpStatus === 200 ? silentProcesses(last.heard) : [])]
    next()
    return {
      at: new Date().toISOString(),
      api: replica,
      health: { status: body.status === 'ok' && reasons.length > 0 ? 'degraded' : body.status, reasons },
      redis: facts.notWritable && redisNow.isReachable ? { ...redisNow, reason: facts.notWritable.reason } : redisNow,
      rates: { refreshesPerSecond: 0, usersPerSecond: 0, changedPerSecond: 0, failedPerSecond: 0, readsPerSecond: 0 },
      latency: { p50Ms: null, p95Ms: null, p99Ms: null },
      errors: [],
      openUsers: totals.open,
      maxOpenUsers: openUsers.max,
      oldestOpenMs: totals.oldestOpenMs,
      failedUsers: totals.failed,
      storedUsers: totals.stored,
      backends: last.backends,
      targets: last.targets,
      processes: last.processes,
      queues: last.queues,
      running: [],
    }
  }
}

/** What was known when it could last be read. */
interface Last {
  totals: Totals
  heard: readonly HeardProcess[]
  processes: readonly OpsProcess[]
  targets: readonly OpsTarget[]
  queues: readonly OpsQueue[]
  backends: readonly OpsBackend[]
}

const NOTHING_COUNTED: Totals = { stored: 0, failed: 0, open: 0, oldestOpenMs: 0 }

async function queuesNow(queues: Pick<QueueControl, 'state'>, shards: number): Promise<OpsQueue[]> {
  const states = await Promise.all(Array.from({ length: shards }, (_, shard) => queues.state(shard)))
  return states.map((state) => ({ ...state, perSecond: 0 }))
}
