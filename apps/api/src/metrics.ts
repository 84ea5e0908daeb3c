import { type Domain, ProcessRole } from '@rollcall/roster'
import {
  type Exposition,
  expose,
  heardProcesses,
  isAlive,
  joinExpositions,
  type QueueControl,
  type Recorder,
  type RedisClient,
  type RosterStore,
  redisInfo,
  type Series,
  type Totals,
} from '@rollcall/runtime'

export interface ApiMetricsDeps {
  readonly recorder: Recorder
  readonly version: string
  readonly redis: RedisClient
  readonly store: Pick<RosterStore, 'totals' | 'heldDomains'>
  readonly domains: ReadonlyMap<Domain, unknown>
  readonly queues: Pick<QueueControl, 'exposition'>
}

/** Redis is not asked anew for whoever scrapes meanwhile. */
const FRESH_MS = 1_000

/** What an api tells Prometheus: what it counted, what it finds in Redis of all processes, and BullMQ's own numbers. */
export function apiMetrics({ recorder, version, redis, store, domains, queues }: ApiMetricsDeps): Exposition {
  let found: Found = NOTHING
  let foundAt = Number.NEGATIVE_INFINITY
  const one = (value: number | undefined): Series[] => (value === undefined ? [] : [{ labels: {}, value }])
  recorder.reading('redisUp', () => one(found.isUp ? 1 : 0))
  recorder.reading('redisMemory', () => one(found.memoryBytes))
  recorder.reading('redisMemoryLimit', () => one(found.memoryLimitBytes || undefined))
  recorder.reading('redisMemoryShare', () => one(found.memoryShare))
  recorder.reading('usersOpen', () => one(found.totals?.open))
  recorder.reading('oldestOpen', () => one(found.totals && found.totals.oldestOpenMs / 1000))
  recorder.reading('usersStored', () => one(found.totals?.stored))
  recorder.reading('usersFailed', () => one(found.totals?.failed))
  recorder.reading('rostersHeld', () => found.held)
  recorder.reading('processes', () => found.processes)
  const own = expose(recorder, version)

  async function look(): Promise<Found> {
    const [totals, heldDomains, info, heard, ofQueues] = await Promise.all([
      store.totals(),
      store.heldDomains(),
      redisInfo(redis),
      heardProcesses(redis),
      queues.exposition(),
    ])
    const { usedMemoryBytes: memoryBytes, maxMemoryBytes: memoryLimitBytes, memoryShare } = info
    const memory = { memoryBytes, memoryLimitBytes, ...(memoryShare !== undefined && { memoryShare }) }
    const held = Array.from(domains.keys(), (domain) => ({
      labels: { domain },
      value: heldDomains.has(domain) ? 1 : 0,
    }))
    return { isUp: true, totals, held, ...memory, processes: countProcesses(heard), ofQueues }
  }

  return {
    contentType: own.contentType,
    async text() {
      if (performance.now() - foundAt >= FRESH_MS) {
        found = await look().catch(() => NOTHING)
        foundAt = performance.now()
      }
      return joinExpositions([await own.text(), ...found.ofQueues])
    },
  }
}

/** What is known only of Redis: nothing of it is told while that is away. */
interface Found {
  readonly isUp: boolean
  readonly totals?: Totals
  readonly memoryBytes?: number
  readonly memoryLimitBytes?: number
  readonly memoryShare?: number
  readonly held: readonly Series[]
  readonly processes: readonly Series[]
  readonly ofQueues: readonly string[]
}

const NOTHING: Found = { isUp: false, held: [], processes: [], ofQueues: [] }

const STATES = ['alive', 'stuck', 'silent'] as const

/** Also those of which there are none: an alert needs the 0. */
function countProcesses(heard: Awaited<ReturnType<typeof heardProcesses>>): Series[] {
  const states = heard.map((one) => ({
    role: one.role,
    state: isAlive(one) ? ((one.stuck ?? []).length > 0 ? 'stuck' : 'alive') : 'silent',
  }))
  return ProcessRole.options.flatMap((role) =>
    STATES.map((state) => ({
      labels: { role, state },
      value: states.filter((one) => one.role === role && one.state === state).length,
    })),
  )
}
