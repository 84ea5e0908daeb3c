import type { Domain } from '@rollcall/roster'
import { limitKey } from '../keys.ts'
import type { PausedBackend } from '../processes.ts'
import type { RedisClient } from '../redis.ts'
import { loadScripts, scriptRunner } from '../store/scripts.ts'
import { type Caps, type Demand, domainShares, type Grant, type Later, type Share } from './domain-shares.ts'

export interface BackendLimitsOptions {
  readonly redis: RedisClient
  /** Its id among those that share. */
  readonly worker: string
  readonly domains: ReadonlyMap<Domain, Caps & { readonly backendTimeoutMs: number }>
  /** Jobs that may wait in this worker for a share; of one domain a quarter. */
  readonly mostWaiting: number
}

/** How soon a pause that another worker was asked for is known here. */
const LOOK_MS = 1_000

export type BackendLimits = ReturnType<typeof backendLimits>

/**
 * What may be asked of each backend, of all workers together: nothing while it wishes to be left alone (`Retry-After`), and
 * no more than the caps of its domain. Workers hold shares in the caps for a while, so that a fetch costs nothing of Redis.
 */
export function backendLimits({ redis, worker, domains, mostWaiting }: BackendLimitsOptions) {
  const run = scriptRunner(redis, loadScripts())
  const pausedUntil = new Map<Domain, number>()
  /** Since the last look: a domain that nobody asks for is not looked at. */
  const inUse = new Set<Domain>()
  let waiting = 0

  function learn(domain: Domain, ms: number): void {
    if (ms > 0) pausedUntil.set(domain, Math.max(pausedUntil.get(domain) ?? 0, performance.now() + ms))
  }

  async function ask(domain: Domain, demand: Demand, pauseMs = 0): Promise<Grant> {
    const { maxConcurrent = 0, maxPerSecond = 0 } = domains.get(domain) ?? {}
    const { wanted, running, lastsMs, begins, aheadMs } = demand
    const args = [worker, maxConcurrent, maxPerSecond, wanted, running, lastsMs, begins, aheadMs, pauseMs]
    const [slots, sharers, granted, firstInMs, pausedMs] = (await run('limit', [limitKey(domain)], args)) as Reply
    learn(domain, pausedMs)
    return { slots, sharers, begins: granted, firstInMs }
  }

  const shares = new Map(
    [...domains].flatMap(([domain, { maxConcurrent, maxPerSecond, backendTimeoutMs }]) => {
      if (maxConcurrent === 0 && maxPerSecond === 0) return []
      const options = { maxConcurrent, maxPerSecond, timeoutMs: backendTimeoutMs }
      return [[domain, domainShares({ ...options, ask: (demand) => ask(domain, demand) })] as const]
    }),
  )

  async function look(): Promise<void> {
    const looked = [...inUse].filter((domain) => !shares.has(domain)) // the others are told with their shares
    inUse.clear()
    await Promise.all(looked.map((domain) => ask(domain, NO_DEMAND)))
  }
  const timer = setInterval(() => void look().catch(() => {}), LOOK_MS)

  return {
    /** Milliseconds that the backend of a domain is still to be left alone; 0 when it is not paused. */
    pauseLeft(domain: Domain): number {
      inUse.add(domain)
      const until = pausedUntil.get(domain)
      return until === undefined ? 0 : Math.max(0, until - performance.now())
    },

    /** The backends that are left alone, and until when, to the second. */
    paused: (): PausedBackend[] =>
      [...pausedUntil].flatMap(([domain, until]) => {
        const left = until - performance.now()
        if (left <= 0) return []
        return [{ domain, until: new Date(Math.ceil((Date.now() + left) / 1000) * 1000).toISOString() }]
      }),

    /** Leaves the backend alone, in all workers. A shorter pause does not end a longer one. */
    async pause(domain: Domain, ms: number): Promise<void> {
      learn(domain, ms)
      await ask(domain, NO_DEMAND, ms)
    },

    /** A share in the caps that is free now; undefined: there is none. */
    take(domain: Domain): Share | undefined {
      const capped = shares.get(domain)
      return capped === undefined ? UNLIMITED : capped.take()
    },

    /** One that gets free soon, or else when to come again. Who is `first` goes before all who wait. */
    async wait(domain: Domain, first = false): Promise<Share | Later> {
      const capped = shares.get(domain)
      if (capped === undefined) return UNLIMITED
      if (waiting >= mostWaiting || (!first && capped.waiting() >= mostWaiting / 4)) return capped.later()
      waiting++
      try {
        return await capped.wait(first)
      } finally {
        waiting--
      }
    },

    /** Gives back what is not in use. */
    async stop(): Promise<void> {
      clearInterval(timer)
      await Promise.all([...shares.values()].map((capped) => capped.stop()))
    },
  }
}

type Reply = [slots: number, sharers: number, granted: number, firstInMs: number, pausedMs: number]

const NO_DEMAND: Demand = { wanted: 0, running: 0, lastsMs: 0, begins: 0, aheadMs: 0 }

/** Of a domain without caps. */
export const UNLIMITED: Share = { kind: 'share', lasts: () => true, end: () => {} }
