import type { Domain } from '@rollcall/roster'
import { HISTORY_PREFIX, HISTORY_SAMPLER_KEY, historyKey, historyWriterKey } from '../keys.ts'
import type { RedisClient } from '../redis.ts'
import { redisNowAt } from '../redis-now.ts'
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

/** What the numbers of the history are called: the fields of a step; those of a domain begin with it. */
export const HISTORY = {
  refreshes: 'refreshes',
  reads: 'reads',
  /** Users that settled, by outcome: `changed`, `unchanged`, or the code of the failure. */
  users: 'users:',
  /** From the notice to the settled user; a field for each bucket. */
  settle: 'settle',
  jobs: (shard: number): string => `jobs:${shard}`,
  answered: (domain: Domain): string => `${domain}/answered`,
  failed: (domain: Domain): string => `${domain}/failed`,
  /** What fetches took; a field for each bucket. */
  fetch: (domain: Domain): string => `${domain}/fetch`,
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

/** The numbers of all processes over time, in Redis: hashes that expire. What is read of domains is of these. */
export function history(redis: RedisClient, domains: Iterable<Domain> = []) {
  const run = scriptRunner(redis, loadScripts(redis.isCluster))
  const keptOf = Object.entries(RESOLUTIONS).flatMap(([name, { stepS, keptS }]) => [name, stepS, keptS])
  const resolutions = [Object.keys(RESOLUTIONS).length, ...keptOf]
  const parts = ['', ...[...domains].slice(0, MOST_DOMAINS_IN_HISTORY)]

  async function readPart(resolution: Resolution, step: number, domain: string): Promise<[string, number][]> {
    const fields = Object.entries(await redis.hgetall(historyKey(resolution, step, domain)))
    return fields.map(([field, text]) => [domain === '' ? field : `${domain}/${field}`, Number(text)])
  }

  return {
    /** Adds to the counts of the steps that it is now, in one round trip. A repeat of the last write of a process adds nothing. */
    async count({ writer, number, counts }: CountsWrite): Promise<void> {
      const args: (string | number)[] = [...resolutions, number, REPEATED_WITHIN_S]
      for (const [domain, fields] of byDomain(counts)) args.push(domain, fields.length, ...fields.flat())
      await run('record', [HISTORY_PREFIX, historyWriterKey(writer)], args)
    },

    /** Of what is measured the largest of a step stays. */
    async measure(most: ReadonlyMap<string, number>): Promise<void> {
      await run('record', [HISTORY_PREFIX], [...resolutions, '', most.size, ...[...most].flat()])
    },

    /** Whether this one measures for all, from now on for so long: nobody else does meanwhile. */
    measuresForAll: async (who: string, forMs: number): Promise<boolean> =>
      (await run('lease', [HISTORY_SAMPLER_KEY], [who, forMs])) === 1,

    /** Epoch milliseconds, by the clock of Redis: which steps there are goes by it. */
    now: (): Promise<number> => redisNowAt(redis, run, HISTORY_SAMPLER_KEY),

    /** Steps by their numbers: how many of them fit into the time since 1970. */
    read: (resolution: Resolution, numbers: readonly number[]): Promise<Step[]> =>
      Promise.all(
        numbers.map(async (number) => {
          const read = await Promise.all(parts.map((domain) => readPart(resolution, number, domain)))
          return new Map(read.flat())
        }),
      ),
  }
}

/** The fields of a step by the domain that they are of, '' = of all, as they are called in the hash of that. */
export function byDomain(counts: Iterable<readonly [string, number]>): Map<string, (readonly [string, number])[]> {
  const parts = new Map<string, (readonly [string, number])[]>()
  for (const [field, n] of counts) {
    const slash = field.indexOf('/')
    const domain = field.slice(0, Math.max(0, slash))
    const own = [field.slice(slash + 1), n] as const
    const part = parts.get(domain)
    if (part) part.push(own)
    else parts.set(domain, [own])
  }
  return parts
}

/** The buckets of times that some steps have counted. */
export function bucketsIn(field: string, steps: readonly Step[]): number[] {
  return Array.from({ length: BUCKETS }, (_, i) => sumIn(bucketField(field, i), steps))
}

export const sumIn = (field: string, steps: readonly Step[]): number =>
  steps.reduce((sum, step) => sum + (step.get(field) ?? 0), 0)
