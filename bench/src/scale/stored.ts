import { MAX_USERS_PER_CALL, shardKeys } from '@rollcall/runtime'
import type { Redis } from 'ioredis'
import { cpuOfRedis } from '../cpu.ts'
import { expectEqual } from '../expect-equal.ts'
import type { Load, LoadResult } from '../load.ts'
import type { Progress } from '../progress.ts'
import { CONNECTIONS } from '../reads.ts'
import { json } from '../stack.ts'
import { type Deployment, startDeployment } from './deployment.ts'
import { fill, jidAt, storedBodyAt } from './fill.ts'
import { measureRefreshes, type RefreshesSample } from './refresh.ts'
import { measureSearches } from './searches.ts'

export interface StoredPlan {
  /** How many rosters are stored when it is measured, ascending. */
  readonly sizes: readonly number[]
  /** Users of one refresh, spread over all that are stored. */
  readonly refreshed: number
  /** Of one round of reads. */
  readonly requests: number
  readonly rounds: number
}

export interface StoredResult {
  readonly size: number
  readonly memory: StoredMemory
  readonly reads: readonly ReadsSample[]
  /** Of each search for users by the beginning of a name. */
  readonly searchMs: readonly number[]
  readonly changed: readonly RefreshesSample[]
  readonly unchanged: readonly RefreshesSample[]
}

/** Bytes per roster, but for the change log, which does not grow with them. */
export interface StoredMemory {
  readonly json: number
  readonly redis: number
  /** What of it are the keys of one user: what is stored, and how far the refreshes have come. */
  readonly roster: number
  readonly user: number
  /** In all. */
  readonly changeLog: number
}

export interface ReadsSample {
  readonly requestsPerSecond: number
  /** µs per request. */
  readonly cpu: { readonly api: number; readonly redis: number }
}

/** Prime, so that reads go through all that is stored and not along with how it was filled. */
const STEP = 7919
const SAMPLED_KEYS = 500

/** Reads, refreshes and memory as more and more rosters are stored in one Redis, which writes no file meanwhile. */
export async function measureStored(plan: StoredPlan, progress: Progress): Promise<StoredResult[]> {
  const layout = { apis: 1, workers: 1, shards: 1, concurrency: 50, appendOnly: false }
  const deployment = await startDeployment(layout)
  const filling = fill(deployment.redisUrl)
  try {
    const load = await deployment.load()
    const empty = await usedMemory(deployment.redis)
    const results: StoredResult[] = []
    let stored = 0
    for (const size of plan.sizes) {
      const title = `${size.toLocaleString('en')} rosters stored`
      await filling.store(stored, size, (so) =>
        progress(
          `${title}: filling, in rounds of ${MAX_USERS_PER_CALL}`,
          Math.ceil(so / MAX_USERS_PER_CALL),
          Math.ceil(size / MAX_USERS_PER_CALL),
        ),
      )
      stored = size
      const memory = await memoryOf(size, empty, deployment.redis)
      const reads: ReadsSample[] = []
      for (let round = 1; round <= plan.rounds; round++) {
        progress(`${title}: reads`, round, plan.rounds)
        reads.push(await measureReads(size, plan.requests, load, deployment))
      }
      progress(`${title}: searches`, 1, 1)
      const searchMs = await measureSearches(size, deployment.urls[0] ?? '')
      const users = Array.from({ length: plan.refreshed }, (_, i) => (i * STEP) % size)
      const refresh = (version: number, changed: number) =>
        measureRefreshes({ users, usersPerRefresh: users.length, version, delayMs: 0, changed }, deployment)
      const changed: RefreshesSample[] = []
      const unchanged: RefreshesSample[] = []
      for (let round = 1; round <= plan.rounds; round++) {
        progress(`${title}: refreshes of ${plan.refreshed}`, round, plan.rounds)
        changed.push(await refresh(round, users.length))
        unchanged.push(await refresh(round, 0))
      }
      await refresh(0, users.length) // what the next reads expect
      results.push({ size, memory, reads, searchMs, changed, unchanged })
    }
    return results
  } finally {
    filling.close()
    await deployment.stop()
  }
}

async function measureReads(
  size: number,
  requests: number,
  load: string,
  deployment: Deployment,
): Promise<ReadsSample> {
  const { port } = new URL(deployment.urls[0] ?? '')
  const wanted: Load = { port: Number(port), connections: CONNECTIONS, requests, users: size, step: STEP }
  let expected = 0
  for (let i = 0; i < requests; i++) expected += storedBodyAt((i * STEP) % size).length
  const before = { api: (await deployment.cpu()).api, redis: await cpuOfRedis(deployment.redis) }
  const { responses, bytes, seconds } = await json<LoadResult>(load, { method: 'POST', body: JSON.stringify(wanted) })
  const after = { api: (await deployment.cpu()).api, redis: await cpuOfRedis(deployment.redis) }
  expectEqual('The api', { responses, bytes }, { responses: requests, bytes: expected })
  return {
    requestsPerSecond: requests / seconds,
    cpu: { api: (after.api - before.api) / requests, redis: (after.redis - before.redis) / requests },
  }
}

async function memoryOf(size: number, empty: number, redis: Redis): Promise<StoredMemory> {
  const keys = shardKeys(0)
  // All of a stream, not some of it: it is subtracted, and is a hundred times as large as what is wanted.
  const bytesOf = async (key: string): Promise<number> => Number(await redis.memory('USAGE', key, 'SAMPLES', 0))
  const mean = async (value: (i: number) => number | Promise<number>): Promise<number> => {
    let sum = 0
    for (let i = 0; i < SAMPLED_KEYS; i++) sum += await value((i * STEP) % size)
    return sum / SAMPLED_KEYS
  }
  const changeLog = await bytesOf(keys.changes)
  return {
    json: await mean((i) => storedBodyAt(i).length),
    redis: ((await usedMemory(redis)) - empty - changeLog) / size,
    roster: await mean((i) => bytesOf(keys.roster(jidAt(i)))),
    user: await mean((i) => bytesOf(keys.user(jidAt(i)))),
    changeLog,
  }
}

const usedMemory = async (redis: Redis): Promise<number> =>
  Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
