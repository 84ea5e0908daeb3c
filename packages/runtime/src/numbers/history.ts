import type { Domain } from '@rollcall/roster'
import { HISTORY_PREFIX, HISTORY_SAMPLER_KEY, historyKey, historyWriterKey } from '../keys.ts'
import type { RedisClient } from '../redis.ts'
import { loadScripts, scriptRunner } from '../store/scripts.ts'
import { BUCKETS, bucketField } from './time-buckets.ts'

const MINUTE_S = 60
const HOUR_S = 3600
const DAY_S = 24 * HOUR_S

/** How fine and for how long the history is kept: each number is added to the step of each resolution. */
export const RESOLUTIONS = {
  '1m': { stepS: MINUTE_S, keptS: 7 * HOUR_S },
  '5m': { stepS: 5 * MINUTE_S, keptS: 25 * HOUR_S },
  '30m': { stepS: 30 * MINUTE_S, keptS: 7 * DAY_S + HOUR_S },
} as const
export type Resolution = keyof typeof RESOLUTIONS

/** What the numbers of the history are called: the fields of a step. */
export const HISTORY = {
  refreshes: 'refreshes',
  reads: 'reads',
  /** Users that settled, by outcome: `changed`, `unchanged`, or the code of the failure. */
  users: 'users:',
  /** From the notice to the settled user; a field for each bucket. */
  settle: 'settle',
  jobs: (shard: number): string => `jobs:${shard}`,
  answered: (domain: Domain): string => `answered:${domain}`,
  failed: (domain: Domain): string => `failed:${domain}`,
  /** What fetches took; a field for each bucket. */
  fetch: (domain: Domain): string => `fetch:${domain}`,
  /** Measured by one api for all: the largest of a step. */
  openUsers: 'most:open',
  oldestOpenMs: 'most:oldest',
  redisMemoryBytes: 'most:memory',
  lag: 'most:lag:',
} as const

/** Domains whose fetches are kept in the history, the first of the configuration: a step may not grow without bound. */
export const MOST_DOMAINS_IN_HISTORY = 20

/** What a step has counted, by field. */
export type Step = ReadonlyMap<string, number>

export interface Steps {
  /** Epoch seconds at which each begins, the oldest first. */
  readonly at: readonly number[]
  readonly steps: readonly Step[]
  /** Epoch milliseconds, by the clock of Redis. */
  readonly now: number
}

/** What a process has counted since its last write. */
export interface CountsWrite {
  /** Id of the process. */
  readonly writer: string
  /** Of its writes, from 1 on. */
  readonly number: number
  readonly counts: ReadonlyMap<string, number>
}

/** A process that had no answer for longer than that, and repeats its write, is counted twice. */
const REPEATED_WITHIN_S = HOUR_S

export type History = ReturnType<typeof history>

/** The numbers of all processes over time, in Redis: hashes that expire. */
export function history(redis: RedisClient) {
  const run = scriptRunner(redis, loadScripts(redis.isCluster))
  const steps = Object.entries(RESOLUTIONS).flatMap(([name, { stepS, keptS }]) => [name, stepS, keptS])
  const resolutions = [Object.keys(RESOLUTIONS).length, ...steps]

  return {
    /** Adds to the counts of the steps that it is now, in one round trip. A repeat of the last write of a process adds nothing. */
    async count({ writer, number, counts }: CountsWrite): Promise<void> {
      const args = [...resolutions, number, REPEATED_WITHIN_S, ...[...counts].flat()]
      await run('record', [HISTORY_PREFIX, historyWriterKey(writer)], args)
    },

    /** Of what is measured the largest of a step stays. */
    async measure(most: ReadonlyMap<string, number>): Promise<void> {
      await run('record', [HISTORY_PREFIX], [...resolutions, ...[...most].flat()])
    },

    /** Whether this one measures for all, from now on for so long: nobody else does meanwhile. */
    measuresForAll: async (who: string, forMs: number): Promise<boolean> =>
      (await run('lease', [HISTORY_SAMPLER_KEY], [who, forMs])) === 1,

    /** The last steps of a resolution, the running one included, in two round trips. */
    async last(resolution: Resolution, count: number): Promise<Steps> {
      const { stepS } = RESOLUTIONS[resolution]
      const [seconds, microseconds] = await redis.time()
      const newest = Math.floor(Number(seconds) / stepS)
      const numbers = Array.from({ length: count }, (_, i) => newest - count + 1 + i)
      const read = await Promise.all(numbers.map((number) => redis.hgetall(historyKey(resolution, number))))
      return {
        at: numbers.map((number) => number * stepS),
        steps: read.map((fields) => new Map(Object.entries(fields).map(([field, text]) => [field, Number(text)]))),
        now: Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000),
      }
    },
  }
}

/** The buckets of times that some steps have counted. */
export function bucketsIn(field: string, steps: readonly Step[]): number[] {
  return Array.from({ length: BUCKETS }, (_, i) => sumIn(bucketField(field, i), steps))
}

export const sumIn = (field: string, steps: readonly Step[]): number =>
  steps.reduce((sum, step) => sum + (step.get(field) ?? 0), 0)
