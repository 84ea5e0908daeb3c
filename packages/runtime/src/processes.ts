import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { type Domain, Process, type ProcessRole } from '@rollcall/roster'
import { z } from 'zod'
import { PROCESSES_KEY, processKey } from './keys.ts'
import type { ProcessLoad } from './process-load.ts'
import type { RedisClient } from './redis.ts'
import { runningBeside } from './running-beside.ts'

/** Short, since the hash of each user names the replicas that wait for him, and a hash of short values takes a third of the memory. */
export const newProcessId = (role: ProcessRole): string => `${role}-${randomBytes(6).toString('hex')}`

export interface ProcessReport extends Readonly<z.infer<typeof Process>> {
  /** For how long it ran when it said this; absent: a version that did not say so. */
  readonly upMs?: number
  /** Ids of those of its role that ran on its host when it started; absent: none. */
  readonly beside?: readonly string[]
  /** SHARDS, which has to be the same everywhere. */
  readonly shards: number
  /** Shards whose jobs this worker does not take although they wait; absent: none. */
  readonly stuck?: readonly number[]
  /** Of a worker: the shards that it serves; absent: all. */
  readonly serves?: readonly number[]
  /** Backends that this worker does not ask at present; absent: none. */
  readonly broken?: readonly BrokenBackend[]
  /** Backends that this worker leaves alone, since they asked for it; absent: none. */
  readonly paused?: readonly PausedBackend[]
  /** Targets that this gateway serves and that take nothing at present; absent: none. */
  readonly silent?: readonly SilentTarget[]
  /** Names of the targets that this gateway serves, each node of a Prosody by its own; absent: none. */
  readonly targets?: readonly string[]
  /** What came of the last seconds' fetches of this worker, of each domain that had any; absent: none. */
  readonly fetches?: readonly RecentFetches[]
  /** How often it says so, in ms. */
  readonly intervalMs: number
  readonly load?: ProcessLoad
}

/** A process that said that it lives, and has not said goodbye. */
export interface HeardProcess extends ProcessReport {
  /** Since its last heartbeat, by the clock of Redis. */
  readonly silentMs: number
}

/** A target that takes nothing, as the gateway sees it that serves it. */
export interface SilentTarget {
  readonly target: string
  readonly shard: number
  readonly isDisabled: boolean
  /** Changes that wait for it. */
  readonly waiting: number
  readonly reason: string
}

export interface RecentFetches {
  readonly domain: Domain
  readonly all: number
  readonly failed: number
  /** Answered with: I do not know that user. Absent: an older worker, which does not say so. */
  readonly unknown?: number
  /** Why the last one failed, for people. */
  readonly lastFailure?: string
  /** How long before the heartbeat that was. */
  readonly sinceFailureMs?: number
}

/** A backend that has asked to be left alone (`Retry-After`). */
export interface PausedBackend {
  readonly domain: Domain
  /** ISO 8601, by the clock of the worker. */
  readonly until: string
}

/** A backend that does not work, as a worker sees it. */
export interface BrokenBackend {
  readonly domain: Domain
  /** ISO 8601. */
  readonly since: string
  readonly reason: string
}

/** After how many missed beats a process counts as gone. */
const BEATS_MISSED = 3
/** For how long one that has gone without a word is remembered. */
const REMEMBERED_MS = 120_000

export interface Heartbeat {
  readonly redis: RedisClient
  readonly id: string
  readonly role: ProcessRole
  readonly version: string
  readonly shards: number
  readonly serves?: readonly number[] | undefined
  readonly intervalMs: number
  /** Of a worker: what its loops say of themselves. */
  readonly stuck?: () => readonly number[]
  readonly broken?: () => readonly BrokenBackend[]
  readonly paused?: () => readonly PausedBackend[]
  readonly silent?: () => readonly SilentTarget[]
  readonly targets?: () => readonly string[]
  readonly fetches?: () => readonly RecentFetches[]
  readonly load?: () => ProcessLoad
}

/**
 * Says that this process lives, now and every `intervalMs`, until the returned function is called. No clocks are compared:
 * how long ago that was is told by how long its entry still has until it expires.
 */
export function startHeartbeat({
  redis,
  id,
  role,
  version,
  shards,
  serves,
  intervalMs,
  stuck = () => [],
  broken = () => [],
  paused = () => [],
  silent = () => [],
  targets = () => [],
  fetches = () => [],
  load,
}: Heartbeat): () => Promise<void> {
  const report: ProcessReport = {
    id,
    role,
    host: hostname(),
    pid: process.pid,
    version,
    startedAt: new Date().toISOString(),
    shards,
    intervalMs,
    ...(serves && { serves }),
  }
  const began = performance.now()
  let beside: readonly string[] = []
  const text = (): string =>
    JSON.stringify({
      ...report,
      upMs: Math.round(performance.now() - began),
      ...someOf({
        beside,
        stuck: stuck(),
        broken: broken(),
        paused: paused(),
        silent: silent(),
        targets: targets(),
        fetches: fetches(),
      }),
      ...(load && { load: load() }),
    })
  const beat = async (): Promise<void> => {
    await Promise.all([redis.set(processKey(id), text(), 'PX', REMEMBERED_MS), redis.zadd(PROCESSES_KEY, 0, id)])
  }
  const lookBeside = async (): Promise<void> => {
    beside = runningBeside(report, await heardProcesses(redis))
  }
  const quietly = () => void beat().catch(() => {}) // Redis away: the connection says so, and the next beat tries again
  void lookBeside().catch(() => {}) // those who came before while Redis was away are not known to each other
  quietly()
  const timer = setInterval(quietly, intervalMs)
  return async () => {
    clearInterval(timer)
    await Promise.all([redis.del(processKey(id)), redis.zrem(PROCESSES_KEY, id)])
  }
}

const someOf = (lists: Readonly<Record<string, readonly unknown[]>>) =>
  Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0))

/** The processes that live. */
export async function liveProcesses(redis: RedisClient): Promise<ProcessReport[]> {
  return (await heardProcesses(redis)).filter(isAlive)
}

/** Its heartbeats come. */
export const isAlive = ({ silentMs, intervalMs }: HeardProcess): boolean => silentMs <= intervalMs * BEATS_MISSED

/** The processes that live, and those that have gone within the last minutes without saying so; older ones are taken off the list. */
export async function heardProcesses(redis: RedisClient): Promise<HeardProcess[]> {
  const ids = await redis.zrange(PROCESSES_KEY, '0', '-1')
  if (ids.length === 0) return []
  const heard = await Promise.all(ids.map((id) => Promise.all([redis.get(processKey(id)), redis.pttl(processKey(id))])))
  const gone = ids.filter((_, i) => heard[i]?.[0] == null)
  if (gone.length > 0) await redis.zrem(PROCESSES_KEY, ...gone).catch(() => {}) // a Redis that takes no writes can still be read
  return heard.flatMap(([text, leftMs]) => {
    const report = text === null ? null : readReport(text)
    return report ? [{ ...report, silentMs: Math.min(REMEMBERED_MS, Math.max(0, REMEMBERED_MS - leftMs)) }] : []
  })
}

/** What another version says in another way counts as not said. */
const listOf = (said: z.core.$ZodLooseShape) => z.array(z.looseObject(said)).optional().catch(undefined)

/** What all versions say of themselves; the rest is as this version says it, or is left out. */
const Report = z.looseObject({
  ...Process.shape,
  upMs: z.number().nonnegative().optional(),
  shards: z.int().positive(),
  intervalMs: z.number().positive(),
  stuck: z.array(z.int()).optional().catch(undefined),
  serves: z.array(z.int()).optional().catch(undefined),
  broken: listOf({ domain: z.string(), since: z.string(), reason: z.string() }),
  paused: listOf({ domain: z.string(), until: z.string() }),
  silent: listOf({ target: z.string(), waiting: z.number(), reason: z.string() }),
  targets: z.array(z.string()).optional().catch(undefined),
  fetches: listOf({ domain: z.string(), all: z.number(), failed: z.number() }),
})

/** Null: it is no heartbeat of this version or one beside it. One that nobody understands must not hide all the others. */
function readReport(text: string): ProcessReport | null {
  try {
    return Report.parse(JSON.parse(text)) as unknown as ProcessReport
  } catch {
    return null
  }
}

/** The shards that none of the workers among these processes serves. */
export function unservedShards(processes: readonly ProcessReport[], shards: number): number[] {
  const workers = processes.filter(({ role }) => role === 'worker')
  if (workers.some(({ serves }) => serves === undefined)) return []
  const served = new Set(workers.flatMap(({ serves = [] }) => serves))
  return Array.from({ length: shards }, (_, shard) => shard).filter((shard) => !served.has(shard))
}
