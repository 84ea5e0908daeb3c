import type { BareJid } from '@rollcall/roster'
import type { RefreshJob } from '@rollcall/runtime'
import type { Redis } from 'ioredis'
import { shardKeys } from '../../../packages/runtime/src/keys.ts'

export interface SimulatedJob {
  readonly id: string
  data: RefreshJob
  attemptsMade: number
  state: 'waiting' | 'delayed' | 'active'
  /** Token of the worker that holds it; null when nobody does, or when the lock was lost. */
  lock: string | null
}

export type SimulatedQueue = ReturnType<typeof simulatedQueue>

export const ATTEMPTS = 2

/**
 * The queue as BullMQ's scripts keep it for jobs with `deduplication: { id: user, keepLastIfActive: true }`: one job per
 * user, and a mark that one more is wanted when that one is active. A lock is also a key in Redis, since `fail` looks at it.
 */
export function simulatedQueue(redis: Redis) {
  const jobs = new Map<BareJid, SimulatedJob>()
  const wantedNext = new Set<BareJid>()
  const { jobLock } = shardKeys(0)
  let made = 0

  const add = (user: BareJid) =>
    jobs.set(user, { id: `model-${++made}`, data: { user }, attemptsMade: 0, state: 'waiting', lock: null })

  const holds = (job: SimulatedJob, token: string): boolean => jobs.get(job.data.user) === job && job.lock === token

  async function unlock(job: SimulatedJob): Promise<void> {
    job.lock = null
    await redis.del(jobLock(job.id))
  }

  async function delay(job: SimulatedJob, token: string): Promise<boolean> {
    if (!holds(job, token)) return false
    await unlock(job)
    job.state = 'delayed'
    return true
  }

  return {
    enqueue(user: BareJid): void {
      const job = jobs.get(user)
      if (!job) add(user)
      else if (job.state === 'active') wantedNext.add(user)
    },

    /** Nothing becomes of a job that no worker holds, nor of the one that is wanted after it. */
    withdraw(user: BareJid): void {
      const job = jobs.get(user)
      if (!job || job.lock !== null) return
      jobs.delete(user)
      wantedNext.delete(user)
    },

    waiting: (): SimulatedJob[] => [...jobs.values()].filter(({ state }) => state === 'waiting'),
    size: () => jobs.size,
    holds,

    async take(job: SimulatedJob, token: string): Promise<void> {
      job.state = 'active'
      job.lock = token
      await redis.set(jobLock(job.id), token)
    },

    loseLock: unlock,

    /** BullMQ refuses all of the following to a worker whose lock is gone: they answer false then. */
    async finish(job: SimulatedJob, token: string): Promise<boolean> {
      if (!holds(job, token)) return false
      await unlock(job)
      jobs.delete(job.data.user)
      if (wantedNext.delete(job.data.user)) add(job.data.user)
      return true
    },
    delay,
    async retry(job: SimulatedJob, token: string): Promise<boolean> {
      if (!(await delay(job, token))) return false
      job.attemptsMade++
      return true
    },

    delayed: () => [...jobs.values()].some(isDelayed),
    wake(): void {
      for (const job of jobs.values()) if (isDelayed(job)) job.state = 'waiting'
    },
    stalled: () => [...jobs.values()].some(isStalled),
    stallCheck(): void {
      for (const job of jobs.values()) if (isStalled(job)) job.state = 'waiting'
    },

    /** Redis lost its data, and the queue with it. */
    clear(): void {
      for (const job of jobs.values()) job.lock = null
      jobs.clear()
      wantedNext.clear()
    },
  }
}

const isDelayed = ({ state }: SimulatedJob): boolean => state === 'delayed'
const isStalled = ({ state, lock }: SimulatedJob): boolean => state === 'active' && lock === null
