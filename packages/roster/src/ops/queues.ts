import { z } from 'zod'

const count = z.int().nonnegative()

/** States of jobs that can be looked at. */
export const OPS_JOB_STATES = ['active', 'prioritized', 'waiting', 'delayed', 'failed'] as const
export const OpsJobState = z.enum(OPS_JOB_STATES)
export type OpsJobState = z.infer<typeof OpsJobState>

/** Body of `PUT /ops/api/queues/<shard or all>/limits`; null takes a bound away, what is left out stays. */
export const OpsQueueLimits = z.strictObject({
  globalConcurrency: z.int().min(1).max(1_000_000).nullable().exactOptional(),
  rateLimit: z
    .strictObject({ max: z.int().min(1).max(1_000_000), durationMs: z.int().min(100).max(3_600_000) })
    .nullable()
    .exactOptional(),
})
export type OpsQueueLimits = z.infer<typeof OpsQueueLimits>

export const OpsJobRow = z
  .object({
    id: z.string(),
    /** Absent: it is none of Rollcall's jobs, somebody else put it there. */
    user: z.string().exactOptional(),
    priority: count,
    /** Attempts that have ended. */
    attempt: count,
    createdAt: z.iso.datetime(),
    dueAt: z.iso.datetime().exactOptional(),
    failedReason: z.string().exactOptional(),
  })
  .readonly()
export type OpsJobRow = z.infer<typeof OpsJobRow>

/** Answer of `GET /ops/api/queues/<shard>/jobs?state=delayed&at=0`: the one that comes next first. */
export const OpsJobPage = z
  .object({
    jobs: z.array(OpsJobRow).readonly(),
    /** Give it as `at` for the next page; null: there is none. */
    next: z.int().nullable(),
  })
  .readonly()
export type OpsJobPage = z.infer<typeof OpsJobPage>

/** Answer of `GET /ops/api/queues/<shard>/jobs/<id>`: the job as BullMQ keeps it. */
export const OpsJob = z.object({ state: z.string(), job: z.record(z.string(), z.unknown()) }).readonly()
export type OpsJob = z.infer<typeof OpsJob>
