import type { User } from '@rollcall/roster'
import {
  backendLimits,
  type Config,
  connectRedis,
  type Log,
  newProcessId,
  refreshQueue,
  rosterStore,
  shutDown,
  startHeartbeat,
  versionOf,
  vetRedis,
} from '@rollcall/runtime'
import { backendClient, type Source } from './backend/backend-client.ts'
import { fetchLanes } from './fetch-lanes.ts'
import { startJobs } from './jobs.ts'
import { jobsInHand } from './jobs-in-hand.ts'
import { startSweep } from './sweep.ts'
import { startUpkeep } from './upkeep.ts'
import { watchLoops } from './watch-loops.ts'

export interface RunningWorker {
  /** Resolves when it has been stuck for so long that it has to be restarted. */
  readonly hopeless: Promise<void>
  /** Takes no more jobs and finishes those that run, within SHUTDOWN_DEADLINE_MS. */
  stop(): Promise<void>
}

/** Puts a worker together and takes jobs. */
export async function startWorker(config: Config, log: Log): Promise<RunningWorker> {
  const { shards, redisTimeoutMs, heartbeatMs, shutdownDeadlineMs, sweepIntervalMs, sweepGraceMs } = config
  const id = newProcessId('worker')
  const version = versionOf(import.meta.url)
  const connect = (name: string) =>
    connectRedis({
      url: config.redisUrl,
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
    connections: Math.min(config.backendConnections, config.workerConcurrency + config.slowLane),
  })
  const inHand = jobsInHand(config)
  const lanes = fetchLanes({
    places: config.workerConcurrency,
    slowPlaces: config.slowLane,
    slowAfterMs: config.slowFetchMs,
  })
  const backend = {
    // The deadline of a fetch begins when it has a place.
    fetchRoster: (user: User, source: Source) =>
      lanes.run(
        () => fetchRoster(user, source),
        () => inHand.putAside(user),
      ),
  }
  const limits = backendLimits({ redis, worker: id, domains: config.domains, mostWaiting: config.workerConcurrency })
  const jobs = startJobs({
    ...config,
    redis: queueRedis,
    inHand,
    backend,
    store,
    limits,
    log,
  })
  const stopSweep = startSweep({
    store,
    queue,
    shards,
    intervalMs: sweepIntervalMs,
    graceMs: sweepGraceMs,
    log,
  })
  const stopUpkeep = startUpkeep({ ...config, store, queue, log })
  const watch = watchLoops({ ...config, loops: jobs.loops, queue, log })
  const stopHeartbeat = startHeartbeat({
    redis,
    id,
    role: 'worker',
    version,
    shards,
    intervalMs: heartbeatMs,
    stuck: watch.stuck,
  })
  log.info({ shards, concurrency: config.workerConcurrency }, 'Taking jobs')

  return {
    hopeless: watch.hopeless,
    async stop() {
      watch.stop()
      await shutDown(
        [
          { name: 'say goodbye', run: stopHeartbeat },
          { name: 'finish the jobs that run', run: jobs.close },
          { name: 'stop the timers', run: () => [stopSweep(), stopUpkeep()] },
          { name: 'give shares back', run: limits.stop },
          { name: 'close the backends', run: closeBackends },
          { name: 'close the queue', run: queue.close },
        ],
        shutdownDeadlineMs,
        log,
      )
      for (const connection of [redis, queueRedis]) connection.disconnect()
    },
  }
}
