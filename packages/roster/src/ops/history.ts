import { z } from 'zod'
import { Domain } from '../domain.ts'

/** What charts go back: each has at most 360 points. */
export const OPS_RANGES = ['1h', '6h', '24h', '7d'] as const
export const OpsRange = z.enum(OPS_RANGES)
export type OpsRange = z.infer<typeof OpsRange>

const perSecond = z.array(z.number().nonnegative()).readonly()
/** Null: nothing was measured. */
const sampled = z.array(z.number().nonnegative().nullable()).readonly()

/** Answer of `GET /ops/api/history?range=1h`. Each series has one value for each time of `at`. */
export const OpsHistory = z
  .object({
    range: OpsRange,
    /** Seconds between two points. */
    stepS: z.int().positive(),
    /** Seconds since 1970, the beginning of each step, the oldest first. */
    at: z.array(z.int()).readonly(),
    refreshes: perSecond,
    users: perSecond,
    changed: perSecond,
    failed: perSecond,
    reads: perSecond,
    /** By failure code, of users; only codes that occurred. */
    errors: z.record(z.string(), perSecond),
    /** From the notice to the settled user, in ms. */
    latency: z.object({ p50Ms: sampled, p95Ms: sampled, p99Ms: sampled }),
    oldestOpenMs: sampled,
    openUsers: sampled,
    redisMemoryBytes: sampled,
    /** 95 of 100 fetches took less, in ms, by domain. */
    fetchP95Ms: z.record(Domain, sampled),
    /** By target, the largest of its shards. */
    targetLagMs: z.record(z.string(), sampled),
  })
  .readonly()
export type OpsHistory = z.infer<typeof OpsHistory>
