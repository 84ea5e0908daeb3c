import { userFromJid } from '@rollcall/roster'
import {
  isRedisTrouble,
  type Log,
  PRIORITY,
  QUEUE_NAME,
  type RedisClient,
  type RefreshJob,
  shardKeys,
  type Tracing,
} from '@rollcall/runtime'
import { DelayedError, type Job, UnrecoverableError } from 'bullmq'
import { jobLosses } from './job-losses.ts'
import type { JobsInHand } from './jobs-in-hand.ts'
import { AttemptFailedError, type ProcessDeps, processJob } from './process-job.ts'
import { TurningWorker } from './turning-worker.ts'
import type { Loop } from './watch-loops.ts'
import type { WorkerNumbers } from './worker-numbers.ts'

export interface JobsOptions extends Omit<ProcessDeps, 'onSettled'> {
  readonly redis: RedisClient
  /** The shards whose jobs are taken. */
  readonly serves: readonly number[]
  readonly inHand: JobsInHand
  readonly numbers: WorkerNumbers
  readonly jobLockMs: number
  readonly stallCheckMs: number
  readonly tracing?: Tracing | undefined
}

/** Pause after a connection that broke: BullMQ's own of 15 s is longer than a fail-over. */
const RETRY_MS = 500
/** The longest time until a worker that keeps to a rate limit sees that somebody has changed it. */
const RATE_LIMIT_LOOK_MS = 5000

/** Failed jobs that are kept for a look at them; who is stale is told by the users, not by these. */
const KEPT_FAILED_JOBS = 1000

export interface RunningJobs {
  /** One for each shard that is served. */
  readonly loops: readonly Loop[]
  /** Jobs at this moment. */
  inHand(): number
  /** Waits for the jobs that run. */
  close(): Promise<void>
}

/** Takes the jobs of some shards. */
export function startJobs({
  redis,
  serves,
  jobLockMs,
  stallCheckMs,
  numbers,
  tracing,
  ...deps
}: JobsOptions): RunningJobs {
  const asked: ProcessDeps = {
    ...deps,
    onSettled: ({ domain }, how, askedAt) => numbers.settled(domain, how, askedAt),
  }
  /** Nobody waits for these, behind all others: how long they take says nothing. */
  const unasked: ProcessDeps = { ...deps, onSettled: ({ domain }, how) => numbers.settled(domain, how) }
  const processIn =
    (shard: number) =>
    async (job: Job<RefreshJob>, token = ''): Promise<string> => {
      try {
        const outcome = await processJob(job, token, job.priority === PRIORITY.repair ? unasked : asked)
        numbers.jobEnded(shard)
        return outcome
      } catch (error) {
        if (error instanceof AttemptFailedError) numbers.retried(userFromJid(job.data.user).domain)
        else if (!(error instanceof DelayedError)) numbers.jobEnded(shard)
        throw error
      }
    }
  const { inHand, log } = deps
  const losses = jobLosses(log)
  const refusals = redisRefusals(log)
  const workers = serves.map((shard) => {
    const worker = new TurningWorker<RefreshJob, string>(QUEUE_NAME, processIn(shard), {
      connection: redis,
      prefix: shardKeys(shard).prefix,
      concurrency: inHand.of(shard),
      lockDuration: jobLockMs,
      stalledInterval: stallCheckMs,
      runRetryDelay: RETRY_MS,
      maximumRateLimitDelay: RATE_LIMIT_LOOK_MS,
      maxStalledCount: Number.MAX_SAFE_INTEGER, // `starts` decides: BullMQ would fail the job without our code
      removeOnComplete: { count: 0 },
      metrics: { maxDataPoints: 1 }, // how many jobs have ended, which the api tells Prometheus
      removeOnFail: { count: KEPT_FAILED_JOBS },
      ...(tracing && { telemetry: tracing.telemetry }),
    })
    worker.on('failed', (job, error) => {
      if (error instanceof AttemptFailedError || error instanceof UnrecoverableError) return // told already
      log.error(
        { user: job?.data.user, attempt: job?.attemptsMade ?? 0, err: error },
        'A job failed, and should not have',
      )
    })
    worker.on('stalled', losses.found)
    worker.on('error', (error) => {
      if (losses.explains(error) || isConnectionTrouble(error)) return
      if (isRedisTrouble(error)) refusals.tell(error)
      else log.warn({ err: error }, 'The queue had trouble; going on')
    })
    return worker
  })
  inHand.onChange((shard) => {
    const worker = workers[serves.indexOf(shard)]
    if (worker) resize(worker, inHand.of(shard))
  })
  return {
    loops: workers.map((worker, i) => ({
      shard: serves[i] ?? 0,
      turns: () => worker.turns,
      isFull: () => worker.isFull,
    })),
    inHand: () => workers.reduce((sum, worker) => sum + worker.inHand, 0),
    async close() {
      await Promise.all(workers.map((worker) => worker.close()))
      losses.close()
    },
  }
}

type RefreshWorker = TurningWorker<RefreshJob, string>

const woken = new WeakSet<RefreshWorker>()

/**
 * BullMQ looks at the concurrency whenever a job ends. When none of those in hand does, it has to be woken for a larger
 * one: `resume` does that. Once for all that change it in one turn.
 */
function resize(worker: RefreshWorker, concurrency: number): void {
  const grows = concurrency > worker.concurrency
  worker.concurrency = concurrency
  if (!grows || woken.has(worker)) return
  woken.add(worker)
  setImmediate(() => {
    woken.delete(worker)
    if (worker.closing !== undefined) return
    void worker.pause(true) // at once: `true` waits for nobody
    void worker.resume()
  })
}

const TOLD_AGAIN_MS = 10_000

/** BullMQ asks again without a pause, and reports each refusal: one line now and then says as much. */
function redisRefusals(log: Log) {
  let told = Number.NEGATIVE_INFINITY
  return {
    tell(error: Error): void {
      const now = performance.now()
      if (now - told < TOLD_AGAIN_MS) return
      told = now
      log.warn(
        { reason: error.message.slice(0, 200) },
        'Redis refuses what the queue needs; no jobs are taken until it does not',
      )
    },
  }
}

/** The connection reports its own state, once; BullMQ tells of every attempt to connect. */
const isConnectionTrouble = (error: Error): boolean => 'syscall' in error || error.message === 'Connection is closed.'
