import type { BareJid, OpsJob, OpsJobRow, OpsJobState, OpsQueue, OpsQueueLimits } from '@rollcall/roster'
import type { Job, Queue } from 'bullmq'
import type { RedisClient } from './redis.ts'
import { PRIORITY, type RefreshJob, userOfJob } from './refresh-queue.ts'
import { shardQueues } from './shard-queues.ts'

/** How the queue of a shard stands, without its rate, which takes more than one look. */
export type QueueState = Omit<OpsQueue, 'perSecond'>

/** A job in a list; without a user it is none of Rollcall's. */
export type QueuedJob = OpsJobRow & { readonly user?: BareJid }

export interface JobOfUser {
  readonly id: string
  readonly state: string
  readonly priority: number
  /** Attempts that have ended. */
  readonly attempt: number
  readonly createdAt: string
  readonly dueAt?: string
}

export interface QueueControlOptions {
  readonly redis: RedisClient
  readonly shards: number
}

export type QueueControl = ReturnType<typeof queueControl>

/** Looks at the queues, and pauses and limits them. All workers obey: BullMQ keeps it in Redis. */
export function queueControl({ redis, shards }: QueueControlOptions) {
  const queues = shardQueues<RefreshJob>(redis)

  return {
    /** How a queue stands now, in two round trips. */
    async state(shard: number): Promise<QueueState> {
      const queue = await queues.of(shard)
      const key = (name: string) => queue.toKey(name)
      const [meta, waiting, active, delayed, prioritized, failed, next, ...firsts] = await Promise.all([
        redis.hmget(key('meta'), 'paused', 'concurrency', 'max', 'duration'),
        redis.llen(key('wait')),
        redis.llen(key('active')),
        redis.zcard(key('delayed')),
        redis.zcard(key('prioritized')),
        redis.zcard(key('failed')),
        redis.lindex(key('wait'), -1),
        ...PRIORITIES.map((priority) => firstOf(redis, key('prioritized'), priority)),
      ])
      const [paused, concurrency, max, duration] = meta
      const heads = [...(next === null ? [] : [next]), ...firsts.flat()]
      return {
        shard,
        isPaused: paused !== null,
        waiting,
        active,
        delayed,
        prioritized,
        failed,
        oldestWaitMs: await oldestWait(redis, heads.map(key)),
        globalConcurrency: concurrency ? Number(concurrency) : null,
        rateLimit: max && duration ? { max: Number(max), durationMs: Number(duration) } : null,
      }
    },

    /** Shards whose jobs nobody takes, since somebody has paused them. */
    async paused(): Promise<number[]> {
      const all = Array.from({ length: shards }, (_, shard) => shard)
      const isPaused = await Promise.all(all.map(async (shard) => (await queues.of(shard)).isPaused()))
      return all.filter((shard) => isPaused[shard])
    },

    /** What BullMQ tells Prometheus of the queue of each shard: a text for each. */
    exposition: (): Promise<string[]> =>
      Promise.all(
        Array.from({ length: shards }, async (_, shard) =>
          (await queues.of(shard)).exportPrometheusMetrics({ shard: String(shard) }),
        ),
      ),

    /** No job is taken any more; those that run go on to their end. */
    async pause(shard: number): Promise<void> {
      await (await queues.of(shard)).pause()
    },
    async resume(shard: number): Promise<void> {
      await (await queues.of(shard)).resume()
    },

    /** How many jobs may run at a time, and begin within a time, over all workers. Who is free looks again at once. */
    async limit(shard: number, { globalConcurrency, rateLimit }: OpsQueueLimits): Promise<void> {
      const queue = await queues.of(shard)
      if (globalConcurrency === null) await queue.removeGlobalConcurrency()
      else if (globalConcurrency !== undefined) await queue.setGlobalConcurrency(globalConcurrency)
      if (rateLimit === undefined) return wake(redis, queue)
      if (rateLimit === null) await queue.removeGlobalRateLimit()
      else await queue.setGlobalRateLimit(rateLimit.max, rateLimit.durationMs)
      await queue.removeRateLimitKey() // what was counted under another limit, for as long as that said
      await wake(redis, queue)
    },

    /** Jobs in a state, the one that comes next first; of the failed ones the last. `isWhole`: there may be more behind. */
    async jobs(
      shard: number,
      state: OpsJobState,
      at: number,
      most: number,
    ): Promise<{ readonly rows: readonly QueuedJob[]; readonly isWhole: boolean }> {
      const queue = await queues.of(shard)
      const found = await queue.getJobs(state, at, at + most - 1, state !== 'failed')
      const jobs = found.filter((job) => job !== undefined) // one that has just ended
      const due = await Promise.all(
        jobs.map(async ({ id = '' }) => (state === 'delayed' ? dueAt(redis, queue, id) : null)),
      )
      const rows = jobs.map((job, i) => ({
        ...rowOf(job),
        ...withUser(job),
        ...withDue(due[i]),
        ...(job.failedReason && { failedReason: job.failedReason }),
      }))
      return { rows, isWhole: found.length === most }
    },

    /** A job as BullMQ keeps it; null: it is no more. Without a user it is none of Rollcall's. */
    async job(shard: number, id: string): Promise<(OpsJob & { readonly user?: BareJid }) | null> {
      const queue = await queues.of(shard)
      const [job, state] = await Promise.all([queue.getJob(id), queue.getJobState(id)])
      if (!job) return null
      const { data: _, ...kept } = job.asJSON()
      return { ...withUser(job), state, job: { ...kept, data: job.data } }
    },

    /** The job that is in the queue for a user; null: none. */
    async jobOf(shard: number, user: BareJid): Promise<JobOfUser | null> {
      const queue = await queues.of(shard)
      const id = await queue.getDeduplicationJobId(user)
      if (id === null) return null
      const [job, state, due] = await Promise.all([queue.getJob(id), queue.getJobState(id), dueAt(redis, queue, id)])
      return job ? { ...rowOf(job), state, ...withDue(due) } : null
    },

    close: queues.close,
  }
}

const PRIORITIES = Object.values(PRIORITY)

/** BullMQ orders by priority, and then by a counter in the lower 32 bits. */
const firstOf = (redis: RedisClient, prioritized: string, priority: number): Promise<string[]> =>
  redis.zrangebyscore(prioritized, priority * 2 ** 32, `(${(priority + 1) * 2 ** 32}`, 'LIMIT', 0, 1)

async function oldestWait(redis: RedisClient, jobs: readonly string[]): Promise<number> {
  const createdAt = await Promise.all(jobs.map((job) => redis.hget(job, 'timestamp')))
  const known = createdAt.filter((at) => at !== null).map(Number)
  return known.length > 0 ? Math.max(0, Date.now() - Math.min(...known)) : 0 // by the clocks of those who put them there
}

/** Makes a worker look that waits for jobs: nothing else tells it of another limit. One that looks in vain does no harm. */
const wake = async (redis: RedisClient, queue: Queue): Promise<void> => {
  await redis.zadd(queue.toKey('marker'), 0, '0')
}

const rowOf = ({ id = '', priority, attemptsMade, timestamp }: Job<RefreshJob>) => ({
  id,
  priority,
  attempt: attemptsMade,
  createdAt: new Date(timestamp).toISOString(),
})

/** Of a job that is put off: the score holds ms and 12 bits of a counter. */
async function dueAt(redis: RedisClient, queue: Queue, id: string): Promise<Date | null> {
  const score = await redis.zscore(queue.toKey('delayed'), id)
  return score === null ? null : new Date(Math.floor(Number(score) / 0x1000))
}

function withUser(job: Job<unknown>): { readonly user?: BareJid } {
  const user = userOfJob(job)
  return user === undefined ? {} : { user }
}

const withDue = (at: Date | null | undefined) => (at ? { dueAt: at.toISOString() } : {})
