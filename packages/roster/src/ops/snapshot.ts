import { z } from 'zod'
import { Domain } from '../domain.ts'
import { FailureCode } from '../failure.ts'
import { Process } from '../process.ts'
import { RefreshProgress } from '../refresh-progress.ts'
import { TargetFailureCode } from '../target-failure.ts'

const count = z.int().nonnegative()
const rate = z.number().nonnegative()
const milliseconds = z.number().nonnegative()
/** Null: nothing was measured in that time. */
const percentile = milliseconds.nullable()

export const OpsLatency = z.object({ p50Ms: percentile, p95Ms: percentile, p99Ms: percentile }).readonly()
export type OpsLatency = z.infer<typeof OpsLatency>

/**
 * The backend of one domain. Its state is that of the last seconds, as the workers see it; rates and shares are of the last
 * minute, latency of the last five: a backend that is well again has failed in that minute.
 */
export const OpsBackend = z
  .object({
    domain: Domain,
    /**
     * `broken`: workers do not ask it; `held`: it gives empty rosters, which wait for a judgement; `paused`: it has asked to
     * be left alone (`Retry-After`); `idle`: not asked lately.
     */
    state: z.enum(['ok', 'failing', 'broken', 'held', 'paused', 'idle']),
    /** ISO 8601: since when it is broken or held; of `ok`, since when it answers again, for some minutes. */
    since: z.iso.datetime().exactOptional(),
    reason: z.string().exactOptional(),
    /** Fetches of the last seconds; absent: there were none. */
    lately: z.object({ all: count, failed: count }).exactOptional(),
    /** This and what follows is absent for those domains behind the first ones of which the history keeps no fetches. */
    fetchesPerSecond: rate.exactOptional(),
    /** 0 to 1. */
    errorShare: z.number().min(0).max(1).exactOptional(),
    latency: OpsLatency.exactOptional(),
  })
  .readonly()
export type OpsBackend = z.infer<typeof OpsBackend>

/** One target in one shard. */
export const OpsTarget = z
  .object({
    target: z.string(),
    type: z.string(),
    domain: Domain,
    shard: count,
    /** `unserved`: no gateway says anything of it. */
    state: z.enum(['following', 'reconciling', 'unavailable', 'disabled', 'unserved']),
    /** Id of the gateway. */
    holder: z.string().exactOptional(),
    lagMs: milliseconds,
    waiting: count,
    owed: count,
    delivered: count,
    rejected: count,
    nextAttemptAt: z.iso.datetime().exactOptional(),
    lastError: z
      .object({ code: TargetFailureCode, message: z.string(), at: z.iso.datetime(), user: z.string().exactOptional() })
      .exactOptional(),
  })
  .readonly()
export type OpsTarget = z.infer<typeof OpsTarget>

export const OpsProcess = Process.extend({
  /** ISO 8601: the last that was heard of it. Of one that is alive it may be up to 30 s old: another heartbeat is no news. */
  seenAt: z.iso.datetime(),
  /** `stuck`: it lives, and does not do its work; `silent`: no heartbeat, it may have died. */
  state: z.enum(['alive', 'stuck', 'silent']),
  /** What is wrong with it, for people. */
  reasons: z.array(z.string()).readonly(),
  /** Share of one core, 0 to 1 (the loop of a process cannot take more). */
  cpu: z.number().nonnegative().exactOptional(),
  rssBytes: count.exactOptional(),
  /** What it does: requests of an api, jobs of a worker, deliveries of a gateway. */
  perSecond: rate.exactOptional(),
  /** At this moment: callers who wait, jobs in hand, changes that wait. */
  inHand: count.exactOptional(),
  /** Of a worker; absent: all. */
  serves: z.array(count).readonly().exactOptional(),
}).readonly()
export type OpsProcess = z.infer<typeof OpsProcess>

/** The queue of one shard. */
export const OpsQueue = z
  .object({
    shard: count,
    isPaused: z.boolean(),
    waiting: count,
    active: count,
    delayed: count,
    prioritized: count,
    failed: count,
    /** Age of the job that has waited longest; 0: none waits. */
    oldestWaitMs: milliseconds,
    /** Of the last minute. */
    perSecond: rate,
    /** Most jobs of the shard at a time, of all workers; null: no bound. */
    globalConcurrency: z.int().positive().nullable(),
    /** Most jobs of the shard within a time; null: no bound. */
    rateLimit: z.object({ max: z.int().positive(), durationMs: z.int().positive() }).nullable(),
  })
  .readonly()
export type OpsQueue = z.infer<typeof OpsQueue>

export const OpsRedis = z
  .object({
    isReachable: z.boolean(),
    /** Why not, or what it does not take. */
    reason: z.string().exactOptional(),
    /** ISO 8601: since when it is not. */
    since: z.iso.datetime().exactOptional(),
    latencyMs: milliseconds.exactOptional(),
    kind: z.enum(['one', 'sentinels', 'cluster']),
    version: z.string().exactOptional(),
    usedMemoryBytes: count.exactOptional(),
    /** 0: no bound but the machine's. */
    maxMemoryBytes: count.exactOptional(),
    /** How much of that is filled, 0 to 1; of a Cluster, by the fullest master. Absent: there is no bound. */
    memoryShare: z.number().nonnegative().exactOptional(),
    clients: count.exactOptional(),
    commandsPerSecond: rate.exactOptional(),
    uptimeS: count.exactOptional(),
  })
  .readonly()
export type OpsRedis = z.infer<typeof OpsRedis>

/** A view of the dashboard, with its filter. */
export const OpsPlace = z.discriminatedUnion('view', [
  z.object({ view: z.literal('processes'), role: OpsProcess.unwrap().shape.role }).readonly(),
  z.object({ view: z.literal('failures'), domain: Domain.exactOptional() }).readonly(),
  z.object({ view: z.literal('queues') }).readonly(),
])
export type OpsPlace = z.infer<typeof OpsPlace>

/** What does not work, in a sentence. */
export const OpsTrouble = z
  .object({
    text: z.string(),
    /** Where one sees more of it, or acts; absent: not in the dashboard, or on the Overview itself. */
    place: OpsPlace.exactOptional(),
    /** It concerns this one alone; absent: all of them, or the one of the place. */
    domain: Domain.exactOptional(),
  })
  .readonly()
export type OpsTrouble = z.infer<typeof OpsTrouble>

/**
 * Everything that is looked at all the time, as one api sees it: `GET /ops/api/snapshot`, and event `snapshot` of
 * `GET /ops/api/live`. Between two of them that are alike, event `alive` with `{"at"}` says that nothing has changed.
 * When Redis is away, what it alone knows is as it was last.
 */
export const OpsSnapshot = z
  .object({
    /** ISO 8601, by the clock of the api. */
    at: z.iso.datetime(),
    /** Id of the api that looked. */
    api: z.string(),
    health: z.object({ status: z.enum(['ok', 'degraded', 'unavailable']), troubles: z.array(OpsTrouble).readonly() }),
    redis: OpsRedis,
    /** False: this api has not been able to read Redis since somebody first looked. What Redis alone knows is empty, and says nothing. */
    isKnown: z.boolean(),
    /** Of the last minute. */
    rates: z.object({
      refreshesPerSecond: rate,
      usersPerSecond: rate,
      changedPerSecond: rate,
      failedPerSecond: rate,
      readsPerSecond: rate,
    }),
    /** From the notice to the settled user, of the last five minutes. */
    latency: OpsLatency,
    /** Of the users that settled in the last five minutes; `share` 0 to 1 of all of them. */
    errors: z.array(z.object({ code: FailureCode, count, share: z.number() })).readonly(),
    /** Asked for and not settled. */
    openUsers: count,
    maxOpenUsers: count,
    /** Age of the oldest of them; 0: none. */
    oldestOpenMs: milliseconds,
    /** Whose last fetch failed. */
    failedUsers: count,
    storedUsers: count,
    backends: z.array(OpsBackend).readonly(),
    targets: z.array(OpsTarget).readonly(),
    processes: z.array(OpsProcess).readonly(),
    queues: z.array(OpsQueue).readonly(),
    /** Refreshes that run, the newest first, some; without their failures. */
    running: z.array(RefreshProgress.unwrap().omit({ failures: true }).readonly()).readonly(),
  })
  .readonly()
export type OpsSnapshot = z.infer<typeof OpsSnapshot>
