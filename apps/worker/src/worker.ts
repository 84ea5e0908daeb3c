import { backendClient } from '@rollcall/backend'
import type { Domain } from '@rollcall/roster'
import {
  type BackendLimits,
  type BrokenBackend,
  backendLimits,
  type Config,
  connectRedis,
  expose,
  history,
  type Later,
  type Log,
  listen,
  loadMeter,
  newProcessId,
  processServer,
  recorder,
  refreshQueue,
  rosterStore,
  shardList,
  shutDown,
  startHeartbeat,
  startWritingHistory,
  type Tracing,
  UNLIMITED,
  versionOf,
  vetRedis,
} from '@rollcall/runtime'
import { guardedBackend } from './guarded-backend.ts'
import { startJobs } from './jobs.ts'
import { jobsInHand } from './jobs-in-hand.ts'
import { recentFetches } from './recent-fetches.ts'
import { startSweep } from './sweep.ts'
import { tracedWrites } from './traced-writes.ts'
import { startUpkeep } from './upkeep.ts'
import { watchLoops } from './watch-loops.ts'
import { type WorkerNumbers, workerNumbers } from './worker-numbers.ts'

export interface RunningWorker {
  /** Where health and metrics are asked for; undefined: nowhere (WORKER_PORT). */
  readonly url: string | undefined
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
  const numbersOf = recorder('worker')
  const numbers = workerNumbers({ recorder: numbersOf, domains: config.domains.keys(), serves })
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
    fetchRoster: countedFetch(fetchRoster, numbers),
    inHand,
    place: (domain) => placeForProbe(domain, limits),
    onBackendClosed,
    log,
  })
  const take = (domain: Domain) => {
    if (backend.isBroken(domain)) return UNLIMITED // its users fail without asking it
    return backend.mayBegin(domain) ? limits.take(domain) : soon()
  }

  const server = processServer({
    redis,
    condition: () => ({ reasons: reasonsOf(watch.stuck(), backend.broken()) }),
    metrics: expose(numbersOf, version),
  })
  // Before any job is taken: a port that is taken ends the worker.
  const url =
    config.workerPort === undefined
      ? undefined
      : await listen(server, { port: config.workerPort, host: config.host, variable: 'WORKER_PORT' })
  if (url !== undefined) log.info({ url }, `Listening on ${url}`)
  const jobs = startJobs({
    ...config,
    serves,
    redis: queueRedis,
    inHand,
    numbers,
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
  numbersOf.reading('jobsInHand', () => [{ labels: {}, value: jobs.inHand() }])
  numbersOf.reading('loopsStuck', () => [{ labels: {}, value: watch.stuck().length }])
  numbersOf.reading('backendBroken', () =>
    Array.from(config.domains.keys(), (domain) => ({ labels: { domain }, value: backend.isBroken(domain) ? 1 : 0 })),
  )
  const writeHistory = startWritingHistory(numbersOf, history(redis), id)
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
    paused: limits.paused,
    fetches: recentFetches(numbers.fetches),
    load: loadMeter({ done: numbers.jobsEnded, inHand: jobs.inHand }),
  })
  log.info({ shards, serves: shardList(serves), concurrency: config.workerConcurrency }, 'Taking jobs')

  return {
    url,
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
          { name: 'write down the numbers', run: writeHistory },
          { name: 'stop listening', run: () => void server.close() },
          { name: 'send the last traces', run: () => tracing?.flush() },
        ],
        shutdownDeadlineMs,
        log,
      )
      server.closeAllConnections()
      for (const connection of [redis, queueRedis]) connection.disconnect()
    },
  }
}

type FetchRoster = ReturnType<typeof backendClient>['fetchRoster']

function countedFetch(fetchRoster: FetchRoster, numbers: WorkerNumbers): FetchRoster {
  return async (user, source) => {
    const begun = performance.now()
    const answer = await fetchRoster(user, source)
    numbers.fetched(user.domain, performance.now() - begun, answer)
    return answer
  }
}

/** What does not work, in words. */
const reasonsOf = (stuck: readonly number[], broken: readonly BrokenBackend[]): string[] => [
  ...(stuck.length > 0 ? [`It takes no jobs of shards ${shardList(stuck)} although they wait`] : []),
  ...broken.map(({ domain, since, reason }) => `The backend of ${domain} does not work since ${since} (${reason})`),
]

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
