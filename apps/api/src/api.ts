import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import {
  type Config,
  changeLog,
  connectRedis,
  connectSubscriber,
  history,
  type Log,
  loadMeter,
  newProcessId,
  queueControl,
  recorder,
  refreshQueue,
  rosterStore,
  shutDown,
  startHeartbeat,
  startWritingHistory,
  storedUsers,
  type Tracing,
  userRecords,
  versionOf,
  vetRedis,
} from '@rollcall/runtime'
import { apiNumbers } from './api-numbers.ts'
import { askAgain } from './ask-again.ts'
import { intake } from './intake.ts'
import { apiMetrics } from './metrics.ts'
import { openUsers } from './open-users.ts'
import { access } from './ops/access.ts'
import { changeTail } from './ops/change-tail.ts'
import { changeRoutes } from './ops/changes.ts'
import { comparison } from './ops/compare-user.ts'
import { emptiedRoutes } from './ops/emptied.ts'
import { eventStreams } from './ops/event-stream.ts'
import { failureRoutes } from './ops/failures.ts'
import { historyRoutes } from './ops/history.ts'
import { liveSnapshots } from './ops/live.ts'
import { queueRoutes } from './ops/queues.ts'
import { refreshList } from './ops/refresh-list.ts'
import { refreshRoutes } from './ops/refreshes.ts'
import type { OpsRoute } from './ops/route.ts'
import { snapshotLook } from './ops/snapshot/take-snapshot.ts'
import { userRoutes } from './ops/users.ts'
import { waitingRoom } from './patience.ts'
import { refreshIndex } from './refresh-index.ts'
import { refreshLooks } from './refresh-looks.ts'
import { readRefresh } from './refresh-progress.ts'
import { refreshRecords } from './refresh-records.ts'
import { nameIn } from './refresh-users.ts'
import { refuser } from './refusals.ts'
import { startResuming } from './resume-refreshes.ts'
import { startSampling } from './sample-history.ts'
import { apiServer } from './server.ts'
import { settlements } from './settlements.ts'
import { unattendedRefreshes } from './unattended-refreshes.ts'
import { usageMarks } from './usage-marks.ts'

export interface RunningApi {
  /** `http://127.0.0.1:8080` */
  readonly url: string
  /** What it serves below /ops/api. */
  readonly opsRoutes: readonly OpsRoute[]
  /** Callers who wait for an answer now, and users they wait for. */
  waiting(): { readonly callers: number; readonly users: number }
  /** Says for DRAIN_MS that it is not ready, then stops listening, answers those who wait, closes; within SHUTDOWN_DEADLINE_MS. */
  stop(): Promise<void>
}

const CLOSE_ANSWERED_EVERY_MS = 50

export interface ApiSurroundings {
  /** Where the built dashboard is; null: nowhere. */
  readonly dashboardDirectory: string | null
  readonly tracing?: Tracing | undefined
}

/** Puts the api together and listens. Throws when the port is taken. */
export async function startApi(
  config: Config,
  log: Log,
  { dashboardDirectory, tracing }: ApiSurroundings = { dashboardDirectory: null },
): Promise<RunningApi> {
  const { shards, redisTimeoutMs, heartbeatMs, drainMs, shutdownDeadlineMs } = config
  const replica = newProcessId('api')
  const connection = (name: string) =>
    ({ place: config.redis, name: `rollcall-api-${name}`, timeoutMs: redisTimeoutMs, log }) as const
  const redis = connectRedis({ ...connection('request'), role: 'request' })
  const producer = connectRedis({ ...connection('queue'), role: 'request' })
  const subscriber = connectSubscriber(redis, connection('subscriber'))
  await vetRedis(redis, redisTimeoutMs, log)

  const queue = refreshQueue({
    redis: producer,
    shards,
    producer: replica,
    attempts: config.jobAttempts,
    backoffMs: config.retryBackoffMs,
    tracing,
  })
  const queues = queueControl({ redis: producer, shards })
  const stored = rosterStore({ ...config, redis, changesMaxLen: config.changesMaxlen })
  const store = askAgain({ store: stored, queue, connections: [redis, producer], log })
  const index = refreshIndex({ redis, shards, ttlS: config.refreshTtlS, log })
  const records = refreshRecords({ redis, replica, ttlS: config.refreshTtlS, index })
  const settled = settlements({
    subscriber,
    store,
    shards,
    replica,
    recheckIntervalMs: config.recheckIntervalMs,
    log,
  })
  const waiting = waitingRoom()
  const usage = usageMarks({ ...config, store, log })
  const open = openUsers({ store, maxOpenUsers: config.maxOpenUsers })
  const refreshing = {
    ...config,
    store,
    queue,
    intake: intake(),
    usage,
    openUsers: open,
    settlements: settled,
    records,
    replica,
    tracing,
    log,
  }
  const numbersOf = recorder('api')
  const numbers = apiNumbers(numbersOf)
  const streams = eventStreams()
  numbersOf.reading('callersWaiting', () => [{ labels: {}, value: waiting.size() }])
  numbersOf.reading('usersWaitedFor', () => [{ labels: {}, value: settled.size() }])
  numbersOf.reading('dashboards', () => [{ labels: {}, value: streams.size() }])
  const version = versionOf(import.meta.url)
  const metrics = apiMetrics({ ...config, recorder: numbersOf, version, redis, store, queues })
  const past = history(redis, config.domains.keys())
  let ending = false
  const health = { ...config, redis, store, queues, openUsers: open, ending: () => ending }
  const who = await access({ config, redis, version, log })
  who.onLook((mayHaveChanged) => void streams.lookAgain(mayHaveChanged ? 'all' : 'unsure'))
  const unattended = unattendedRefreshes(refreshing)
  const nameOf = nameIn(config.defaultDomain)
  const looks = refreshLooks((id) => readRefresh(id, { store, records, shards, nameOf }))
  const list = refreshList({ index, looks })
  const compared = comparison({ ...config, store, version })
  const changes = changeLog({ redis, shards })
  const looking = {
    storedUsers: storedUsers({ redis, shards }),
    userRecords: userRecords({ redis, shards }),
    changes,
    tail: changeTail({ changes, shards }),
    queues,
  }
  const look = snapshotLook({ ...health, config, replica, history: past, refreshes: list })
  const live = liveSnapshots({ look, streams, log })
  const opsRoutes: OpsRoute[] = [
    ...who.routes, //
    ...live.routes,
    ...historyRoutes({ history: past, domains: config.domains.keys(), targets: config.targets }),
    ...failureRoutes({ store, unattended, openUsers: open }),
    ...emptiedRoutes({ ...config, store, log }),
    ...refreshRoutes({ ...refreshing, list, looks, unattended }),
    ...userRoutes({ ...refreshing, ...looking, redis, waiting, compare: compared.compare }),
    ...changeRoutes({ ...looking, streams, shards, defaultDomain: config.defaultDomain }),
    ...queueRoutes({ queues, shards }),
  ]
  const server = apiServer({
    ...refreshing,
    ...who,
    refuse: refuser(log, numbers),
    waiting,
    health,
    numbers,
    metrics,
    opsRoutes,
    dashboardDirectory,
  })
  server.listen(config.port, config.host)
  await once(server, 'listening')
  const { address, port } = server.address() as AddressInfo
  const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}`
  log.info({ url }, `Listening on ${url}`)

  const stopResuming = startResuming(refreshing)
  const writeHistory = startWritingHistory(numbersOf, past, replica)
  const stopSampling = startSampling({ ...config, redis, replica, store, history: past })
  const stopHeartbeat = startHeartbeat({
    redis,
    id: replica,
    role: 'api',
    version,
    shards,
    intervalMs: heartbeatMs,
    load: loadMeter({ done: numbers.requests, inHand: waiting.size }),
  })

  return {
    url,
    opsRoutes,
    waiting: () => ({ callers: waiting.size(), users: settled.size() }),
    async stop() {
      ending = true
      if (drainMs > 0) await delay(drainMs) // who sends requests here learns meanwhile to send them elsewhere
      const answerAll = setTimeout(waiting.close, shutdownDeadlineMs / 2)
      // Node closes the connections that are idle now, not those that become idle by their answer.
      const closeAnswered = setInterval(() => server.closeIdleConnections(), CLOSE_ANSWERED_EVERY_MS)
      const closed = once(server, 'close')
      await shutDown(
        [
          { name: 'stop listening', run: () => void server.close() },
          { name: 'leave the dashboards', run: () => [live.close(), streams.close()] },
          { name: 'answer those who wait', run: () => closed },
          {
            name: 'stop the timers',
            run: () => [
              stopResuming(),
              stopSampling(),
              settled.close(),
              unattended.close(),
              records.close(),
              index.close(),
            ],
          },
          { name: 'write down who is used', run: usage.close },
          { name: 'write down which tokens are used', run: who.close },
          { name: 'say goodbye', run: stopHeartbeat },
          { name: 'write down the numbers', run: writeHistory },
          { name: 'close the queue', run: () => Promise.all([queue.close(), queues.close()]) },
          { name: 'send the last traces', run: () => tracing?.flush() },
          { name: 'cut off comparisons', run: compared.close },
        ],
        shutdownDeadlineMs,
        log,
      )
      clearTimeout(answerAll)
      clearInterval(closeAnswered)
      server.closeAllConnections()
      for (const one of [subscriber, redis, producer]) one.disconnect()
    },
  }
}
