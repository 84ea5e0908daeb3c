import type { OpsBackend, OpsProcess, OpsQueue, OpsSnapshot, OpsTarget } from '@rollcall/roster'
import type { Config, HeardProcess, History, QueueControl, RosterStore, Totals } from '@rollcall/runtime'
import { type HealthDeps, healthFacts, healthOf } from '../../health.ts'
import type { RefreshList } from '../refresh-list.ts'
import { backendsLook, failingBackends } from './backends.ts'
import { opsProcesses, silentProcesses } from './processes.ts'
import { type Recent, recentLook, recentOf } from './recent.ts'
import { redisLook } from './redis.ts'
import { steadier } from './steady.ts'
import { targetsLook } from './targets.ts'
import { lagTroubles, memoryTrouble, waitTroubles } from './wait-troubles.ts'

export interface SnapshotDeps extends HealthDeps {
  /** Id of this api. */
  readonly replica: string
  readonly config: Pick<Config, 'redis' | 'domains' | 'targets' | 'shards'>
  readonly store: HealthDeps['store'] & Pick<RosterStore, 'totals'>
  readonly queues: HealthDeps['queues'] & Pick<QueueControl, 'state'>
  readonly history: Pick<History, 'now' | 'read'>
  readonly refreshes: Pick<RefreshList, 'running'>
}

/** Refreshes that are shown as they run. */
const MOST_RUNNING = 10

/** Looks at everything that a dashboard shows all the time. What cannot be read is as it was last. */
export function snapshotLook(deps: SnapshotDeps): () => Promise<OpsSnapshot> {
  const { config, redis, store, queues, openUsers, replica, refreshes } = deps
  const { steady, next } = steadier()
  const lookAtRedis = redisLook({ redis, place: config.redis })
  const lookAtTargets = targetsLook({ ...config, redis })
  const lookAtBackends = backendsLook([...config.domains.keys()])
  const lookBack = recentLook(deps.history)
  const last: Last = {
    isKnown: false,
    totals: { stored: 0, failed: 0, open: 0, oldestOpenMs: 0 },
    recent: recentOf({ at: [], steps: [], now: 0 }),
    heard: [],
    processes: [],
    targets: [],
    queues: [],
    backends: [],
    running: [],
  }

  return async () => {
    const [facts, redisNow, totals, recent, running] = await Promise.all([
      healthFacts(deps),
      lookAtRedis(steady),
      store.totals().then(
        (now) => {
          last.isKnown = true
          return now
        },
        () => last.totals,
      ),
      lookBack().catch(() => last.recent),
      refreshes.running(MOST_RUNNING).catch(() => last.running),
    ])
    Object.assign(last, { totals, recent, running })
    last.queues = await queuesNow(queues, config.shards, recent).catch(() => last.queues)
    if (typeof facts.processes !== 'string') {
      last.heard = facts.processes
      const takesHeartbeats = facts.notWritable === null
      last.processes = opsProcesses(facts.processes, steady, takesHeartbeats)
      last.targets = await lookAtTargets(facts.processes, takesHeartbeats).catch(() => last.targets)
    }
    last.backends = lookAtBackends(last.heard, facts.held, recent)
    const { isReadable, status, troubles } = healthOf(facts, deps)
    const found = isReadable
      ? [
          ...(facts.notWritable ? [] : silentProcesses(last.heard)),
          ...failingBackends(last.backends),
          ...waitTroubles(last.queues, totals.oldestOpenMs),
          ...lagTroubles(last.targets),
          ...(facts.notWritable ? [] : memoryTrouble(redisNow)),
        ]
      : []
    next()
    return {
      at: new Date().toISOString(),
      api: replica,
      health: {
        status: status === 'ok' && found.length > 0 ? 'degraded' : status,
        troubles: [...troubles, ...found],
      },
      redis: facts.notWritable && redisNow.isReachable ? { ...redisNow, reason: facts.notWritable.reason } : redisNow,
      isKnown: last.isKnown,
      rates: recent.rates,
      latency: recent.latency,
      errors: recent.errors,
      openUsers: totals.open,
      maxOpenUsers: openUsers.max,
      oldestOpenMs: totals.oldestOpenMs,
      failedUsers: totals.failed,
      storedUsers: totals.stored,
      backends: last.backends,
      targets: last.targets,
      processes: last.processes,
      queues: last.queues,
      running,
    }
  }
}

/** What was known when it could last be read. */
interface Last {
  /** It has been read. */
  isKnown: boolean
  totals: Totals
  recent: Recent
  heard: readonly HeardProcess[]
  processes: readonly OpsProcess[]
  targets: readonly OpsTarget[]
  queues: readonly OpsQueue[]
  backends: readonly OpsBackend[]
  running: OpsSnapshot['running']
}

async function queuesNow(queues: Pick<QueueControl, 'state'>, shards: number, recent: Recent): Promise<OpsQueue[]> {
  const states = await Promise.all(Array.from({ length: shards }, (_, shard) => queues.state(shard)))
  return states.map((state) => ({ ...state, perSecond: recent.jobsPerSecond(state.shard) }))
}
