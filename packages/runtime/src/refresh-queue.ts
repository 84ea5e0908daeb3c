import { type BareJid, parseBareJid } from '@rollcall/roster'
import type { Job, JobsOptions, Queue } from 'bullmq'
import { byShard, QUEUE_NAME } from './keys.ts'
import type { RedisClient } from './redis.ts'
import { redisNow } from './redis-now.ts'
import { shardQueues } from './shard-queues.ts'
import type { Tracing } from './tracing/index.ts'

/** Lower goes first. 0 would go before all of them. */
export const PRIORITY = { login: 1, small: 10, bulk: 100, repair: 1000 } as const
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY]

/** What a job carries: a worker finds everything else in Redis. */
export interface RefreshJob {
  readonly user: BareJid
  /** Epoch milliseconds, by the worker's clock, when the backend first asked this job to wait. */
  readonly pausedSince?: number
}

/** Whose job it is; undefined: it is none of ours, since anybody who may write to Redis can put one into a queue. */
export function userOfJob({ data }: { readonly data: unknown }): BareJid | undefined {
  const user = (data as Partial<RefreshJob> | null)?.user
  if (typeof user !== 'string') return undefined
  const parsed = parseBareJid(user)
  return parsed.kind === 'valid' && parsed.jid.includes('@') ? parsed.jid : undefined
}

export interface RefreshQueueOptions {
  readonly redis: RedisClient
  readonly shards: number
  /** Random and new for each process: the ids of its jobs start with it. */
  readonly producer: string
  readonly attempts: number
  readonly backoffMs: number
  readonly tracing?: Tracing | undefined
}

/** BullMQ adds the jobs of one call in one transaction: Redis, and this process that puts it together, do nothing else meanwhile. */
const JOBS_PER_CALL = 50

/** How the ids of jobs begin that everybody else goes before. */
const REPAIR = 'repair-'

/** Workers look for jobs that are due far more often. */
const OVERDUE_MS = 5000
const MOST_BROUGHT_FORWARD = 500

export type RefreshQueue = ReturnType<typeof refreshQueue>

/** Puts one job per user into the queue of its shard. */
export function refreshQueue({ redis, shards, producer, attempts, backoffMs, tracing }: RefreshQueueOptions) {
  const queues = shardQueues<RefreshJob>(redis, tracing?.telemetry)
  // Stored with each job and read again by its worker: what the workers know by themselves is left out.
  const options: JobsOptions = {
    attempts,
    backoff: { type: 'exponential', delay: backoffMs, jitter: 0.5 },
    stackTraceLimit: 1,
  }
  let produced = 0

  async function enqueueShard(shard: number, users: readonly BareJid[], priority: Priority): Promise<void> {
    const queue = await queues.of(shard)
    const promotes = priority < PRIORITY.bulk
    // An id of our own tells a new job from one that waits already. BullMQ's are shorter, and cost less.
    const prefix = priority === PRIORITY.repair ? REPAIR : promotes ? '' : null
    const jobIdOf = () => prefix !== null && { jobId: `${prefix}${producer}-${++produced}` }
    const jobs = users.map((user) => ({
      name: QUEUE_NAME,
      data: { user },
      opts: {
        ...options,
        priority,
        ...jobIdOf(),
        deduplication: { id: user, keepLastIfActive: true },
      },
    }))
    const added = await (tracing ? tracing.enqueue(jobs.length, () => queue.addBulk(jobs)) : queue.addBulk(jobs))
    if (priority === PRIORITY.repair) return
    const isBehind = ({ id }: Job<RefreshJob>, i: number) =>
      promotes ? id !== jobs[i]?.opts.jobId : id?.startsWith(REPAIR)
    const earlier = added.filter(isBehind).flatMap(({ id }) => id ?? [])
    if (promotes) tracing?.note({ 'rollcall.users_who_wait_already': earlier.length })
    await Promise.all(earlier.map((id) => promote(queue, id, priority)))
  }

  /** Deduplication leaves a user who waits behind a bulk refresh, or for a repair, where he is: his job is moved forward. */
  async function promote(queue: Queue<RefreshJob>, id: string, priority: Priority): Promise<void> {
    const job = await queue.getJob(id)
    if (job && job.priority > priority) await job.changePriority({ priority }).catch(ignoreFinished)
    // Who waits for a share in a cap, or for another attempt, may do so for longer than a login can.
    if (job && job.delay > 0 && priority === PRIORITY.login) await job.promote().catch(ignoreNotDelayed)
  }

  return {
    /** Repeating it is harmless: a user who waits already is not queued twice, one whose fetch runs is fetched once more. */
    async enqueue(users: readonly BareJid[], priority: Priority): Promise<void> {
      const shardsOfUsers = byShard(users, (user) => user, shards)
      const enqueueGroup = async ([shard, group]: [number, BareJid[]]): Promise<void> => {
        for (let i = 0; i < group.length; i += JOBS_PER_CALL)
          await enqueueShard(shard, group.slice(i, i + JOBS_PER_CALL), priority)
      }
      await Promise.all([...shardsOfUsers].map(enqueueGroup))
    },

    /**
     * Takes jobs out of the queue that nobody has begun. Whoever asks for one of these users meanwhile may have counted on
     * such a job: look afterwards whether somebody is open, and enqueue him again.
     */
    async withdraw(users: readonly BareJid[]): Promise<void> {
      const withdrawGroup = async ([shard, group]: [number, BareJid[]]): Promise<void> => {
        const queue = await queues.of(shard)
        const ids = await Promise.all(group.map((user) => queue.getDeduplicationJobId(user)))
        // One that a worker holds is left to it.
        await Promise.all(ids.map((id) => id && queue.remove(id)))
      }
      await Promise.all([...byShard(users, (user) => user, shards)].map(withdrawGroup))
    },

    /** Jobs of a shard that a worker could take now: none while somebody has paused the queue, or its limits are reached. */
    async takeable(shard: number): Promise<number> {
      const queue = await queues.of(shard)
      const [jobs, isPaused, isMaxed, limit] = await Promise.all([
        queue.getJobCountByTypes('waiting', 'prioritized'),
        queue.isPaused(),
        queue.isMaxed(),
        queue.getGlobalRateLimit(),
      ])
      if (isPaused || isMaxed || jobs === 0) return 0
      return limit && (await queue.getRateLimitTtl(limit.max)) > 0 ? 0 : jobs
    },

    /**
     * Brings jobs forward that are put off for longer than `longestMs`, or that should have run long ago, by the time of
     * Redis. A worker puts them off by its own clock, which may be wrong, and then be gone: until that hour, nobody would
     * fetch those users, whoever asks for them.
     */
    async bringForward(shard: number, longestMs: number): Promise<void> {
      const queue = await queues.of(shard)
      const now = await redisNow(redis)
      const delayed = queue.toKey('delayed')
      const untimely = await Promise.all([
        redis.zrangebyscore(delayed, '-inf', scoreOf(now - OVERDUE_MS), 'LIMIT', 0, MOST_BROUGHT_FORWARD),
        redis.zrangebyscore(delayed, scoreOf(now + longestMs), '+inf', 'LIMIT', 0, MOST_BROUGHT_FORWARD),
      ])
      await Promise.all(untimely.flat().map(async (id) => (await queue.getJob(id))?.promote().catch(ignoreNotDelayed)))
    },

    close: queues.close,
  }
}

/** By which BullMQ orders the jobs that are put off until that time. */
const scoreOf = (timeMs: number): number => timeMs * 0x1000

/** The job ended between the look and the change: its user is being answered already. */
function ignoreFinished(error: unknown): void {
  if (!(error instanceof Error && error.message.includes('Missing key for job'))) throw error
}

/** It was just its turn. */
function ignoreNotDelayed(error: unknown): void {
  if (!(error instanceof Error && /not in the delayed state|Missing key for job/.test(error.message))) throw error
}
