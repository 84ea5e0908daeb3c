import { backendClient } from '@rollcall/backend'
import type { Domain } from '@rollcall/roster'
import {
  type BackendLimits,
  backendLimits,
  type Config,
  connectRedis,
  type Later,
  type Log,
  loadMeter,
  newProcessId,
  refreshQueue,
  rosterStore,
  shardList,
  shutDown,
  startHeartbeat,
  type Tracing,
  UNLIMITED,
  versionOf,
  vetRedis,
} from '@rollcall/runtime'
import { guardedBackend } from './guarded-backend.ts'
import { startJobs } from './jobs.ts'
import { jobsInHand } from './jobs-in-hand.ts'
import { startSweep } from './sweep.ts'
import { tracedWrites } from './traced-writes.ts'
import { startUpkeep } from './upkeep.ts'
import { watchLoops } from './watch-loops.ts'

export interface RunningWorker {
  /** Resolves when it has been stuck for so long that it has to be restarted. */
  readonly hopeless: Promise<void>
  /** Takes no more jobs and finishes those that run, within SHUTDOWN_DEADLINE_MS. */
  stop(): Promise<void>
}

/** One request to a backend beside the fetches: whether it works. */
const PROBES = 1

/** Puts a worker together and takes jobs. */
export async function startWorker(config: Config, log: Log, tracing?: Tracing): Promise<RunningWorker> {
  const { shards, redisTimeoutMs, heartbeatMs, shutdownDeadlineMs, sweepIntervalMs, sweepGraceMs } = config
  const serves = config.workerShards ?? Array.from({ length: shards }, (_, shard) => shard)
  const id = newProcessId('worker')
  const version = versionOf(import.meta.url)
  const connect = (name: string) =>
    connectRedis({
      place: config.redis,
      role: 'background',
      name: `rollcall-worker-${name}`,
      timeoutMs: redisTimeoutMs,
      log,
    })
  const redis = connect('store')
  const queueRedis = connect('jobs')
  await vetRedis(redis, redisTimeoutMs, log)

  const store = rosterStore({ ...config, redis, changesMaxLen: config.changesMaxlen })
  const queue = refreshQueue({
    redis,
    shards,
    producer: id,
    attempts: config.jobAttempts,
    backoffMs: config.retryBackoffMs,
  })
  const { fetchRoster, close: closeBackends } = backendClient({
    ...config,
    version,
    tracing,
    connections: Math.min(config.backendConnections, config.workerConcurrency + config.slowLane + PROBES),
  })
  const inHand = jobsInHand({ ...config, serves })
  const limits = backendLimits({ redis, worker: id, domains: config.domains, mostWaiting: config.workerConcurrency })
  const onBackendClosed = (domain: Domain): void => {
    store
      .repairNow(domain)
      .catch((error: unknown) =>
        log.warn({ domain, err: error }, 'Who failed meanwhile is fetched again later than at once'),
      )
  }
  const backend = guardedBackend({
    ...config,
    domains: config.domains.keys(),
    fetchRoster,
    inHand,
    place: (domain) => placeForProbe(domain, limits),
    onBackendClosed,
    log,
  })
  const take = (domain: Domain) => {
    if (backend.isBroken(domain)) return UNLIMITED // its users fail without asking it
    return backend.mayBegin(domain) ? limits.take(domain) : soon()
  }

  const jobs = startJobs({
    ...config,
    serves,
    redis: queueRedis,
    inHand,
    backend,
    store: tracing ? tracedWrites(store, tracing) : store,
    tracing,
    limits: { ...limits, take },
    log,
  })
  const stopSweep = startSweep({
    store,
    queue,
    serves,
    intervalMs: sweepIntervalMs,
    graceMs: sweepGraceMs,
    longestDelayMs: longestDelay(config),
    log,
  })
  const stopUpkeep = startUpkeep({ ...config, serves, store, queue, log })
  const watch = watchLoops({ ...config, loops: jobs.loops, queue, log })
  const stopHeartbeat = startHeartbeat({
    redis,
    id,
    role: 'worker',
    version,
    shards,
    serves: config.workerShards,
    intervalMs: heartbeatMs,
    stuck: watch.stuck,
    broken: backend.broken,
    load: loadMeter({ done: () => 0, inHand: jobs.inHand }),
  })
  log.info({ shards, serves: shardList(serves), concurrency: config.workerConcurrency }, 'Taking jobs')

  return {
    hopeless: watch.hopeless,
    async stop() {
      watch.stop()
      await shutDown(
        [
          { name: 'say goodbye', run: stopHeartbeat },
          { name: 'finish the jobs that run', run: jobs.close },
          { name: 'stop the timers', run: () => [stopSweep(), stopUpkeep(), backend.stop()] },
          { name: 'give shares back', run: limits.stop },
          { name: 'close the backends', run: closeBackends },
          { name: 'close the queue', run: queue.close },
          { name: 'send the last traces', run: () => tracing?.flush() },
        ],
        shutdownDeadlineMs,
        log,
      )
      for (const connection of [redis, queueRedis]) connection.disconnect()
    },
  }
}

/** Not all at once. */
const soon = (): Later => ({ kind: 'later', ms: 1_000 + Math.floor(Math.random() * 4_000) })

async function placeForProbe(domain: Domain, limits: BackendLimits): Promise<(() => void) | undefined> {
  if (limits.pauseLeft(domain) > 0) return undefined
  const share = await limits.wait(domain, true)
  return share.kind === 'share' ? share.end : undefined
}

/** What a job is put off for at most: by a pause that its backend asks for, or before its last attempt. */
const longestDelay = ({ retryAfterMaxMs, retryBackoffMs, jobAttempts }: Config): number =>
  Math.max(retryAfterMaxMs, retryBackoffMs * 2 ** Math.max(0, jobAttempts - 2))
