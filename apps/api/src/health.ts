import type { Domain, OpsPlace, OpsTrouble } from '@rollcall/roster'
import {
  type Config,
  type HeardProcess,
  heardProcesses,
  isAlive,
  type ProcessReport,
  type QueueControl,
  type RedisClient,
  type RosterStore,
  redisTrouble,
  shardKeys,
  shardList,
  unservedShards,
  writeProblem,
} from '@rollcall/runtime'
import type { OpenUsers } from './open-users.ts'
import { namedTargets } from './ops/named-targets.ts'

export interface Health {
  readonly httpStatus: 200 | 503
  readonly body: {
    readonly status: 'ok' | 'degraded' | 'unavailable'
    readonly reasons: readonly string[]
    /** How many wait to be fetched; absent when Redis cannot be read. */
    readonly openUsers?: number
  }
}

export interface HealthDeps {
  readonly redis: RedisClient
  readonly shards: number
  readonly openUsers: Pick<OpenUsers, 'count' | 'max'>
  readonly domains: Pick<Config['domains'], 'has'>
  readonly targets: Config['targets']
  readonly store: Pick<RosterStore, 'heldDomains'>
  readonly queues: Pick<QueueControl, 'paused'>
  /** This process has been asked to end. */
  readonly ending: () => boolean
}

/** What is known of the others and of Redis at one moment. */
export interface HealthFacts {
  /** Those that have fallen silent as well; in words why they cannot be read. */
  readonly processes: readonly HeardProcess[] | string
  readonly notWritable: Refusal | null
  readonly open: number
  readonly held: ReadonlyMap<string, number>
  readonly paused: readonly number[]
}

/** Ready = Redis can be read, so that logins go on; what does not work besides is said, but takes no api out of service. */
export async function readiness(deps: HealthDeps): Promise<Health> {
  const { isReadable, status, troubles, openUsers } = deps.ending()
    ? unreadable('This process is ending')
    : healthOf(await healthFacts(deps), deps)
  return {
    httpStatus: isReadable ? 200 : 503,
    body: { status, reasons: troubles.map(({ text }) => text), ...(openUsers !== undefined && { openUsers }) },
  }
}

/** The same with where one acts, for the dashboard. */
export interface Condition {
  /** Redis can be read, and this process is not ending. */
  readonly isReadable: boolean
  readonly status: Health['body']['status']
  readonly troubles: readonly OpsTrouble[]
  readonly openUsers?: number
}

export async function healthFacts({ redis, shards, openUsers, store, queues }: HealthDeps): Promise<HealthFacts> {
  const [processes, notWritable, open, held, paused] = await Promise.all([
    heardProcesses(redis).catch((error: unknown) => redisTrouble(error)),
    shardsThatTakeNoWrites(redis, shards),
    openUsers.count().catch(() => 0),
    store.heldDomains().catch(() => new Map<string, number>()),
    queues.paused().catch(() => []),
  ])
  return { processes, notWritable, open, held, paused }
}

export function healthOf(
  { processes: heard, notWritable, open, held, paused }: HealthFacts,
  { redis, shards, openUsers, domains, targets }: HealthDeps,
): Condition {
  const processes = typeof heard === 'string' ? heard : heard.filter(isAlive)
  const troubles: OpsTrouble[] = []
  const say = (texts: readonly string[], place?: OpsPlace): void =>
    void troubles.push(...texts.map((text) => ({ text, ...(place && { place }) })))
  if (typeof processes === 'string') {
    // Of a Cluster another part may be away: the shards that are there are served.
    if (!redis.isCluster || notWritable?.shards.length === shards)
      return unreadable(`Redis cannot be read: ${processes}`)
    say([`A part of Redis cannot be read: ${processes}`])
  }
  // What takes no writes takes no heartbeats either: then nothing is known of workers and gateways.
  if (notWritable) say([refusedWrites(notWritable, shards)])
  else if (typeof processes !== 'string') say(unserved(processes, shards), WORKERS)
  if (typeof processes !== 'string') {
    say(stuckLoops(processes), WORKERS)
    troubles.push(...brokenBackends(processes))
    troubles.push(...(notWritable ? [] : missingGateway(processes, targets)), ...silentTargets(processes, targets))
    say(otherShards(processes, shards))
  }
  if (paused.length > 0) say([pausedQueues(paused, shards)], { view: 'queues' })
  if (open >= openUsers.max)
    say([`${open} users wait to be fetched: refreshes are refused (MAX_OPEN_USERS is ${openUsers.max})`], {
      view: 'queues',
    })
  for (const [name, since] of held) {
    const domain = name as Domain
    if (domains.has(domain))
      say(
        [
          `The backend of ${domain} gives empty rosters; they are held back since ${new Date(since).toISOString()}, until somebody confirms or rejects them`,
        ],
        { view: 'failures', domain },
      )
  }
  return { isReadable: true, status: troubles.length > 0 ? 'degraded' : 'ok', troubles, openUsers: open }
}

const WORKERS: OpsPlace = { view: 'processes', role: 'worker' }
const GATEWAYS: OpsPlace = { view: 'processes', role: 'gateway' }

export interface Refusal {
  readonly shards: readonly number[]
  readonly reason: string
}

async function shardsThatTakeNoWrites(redis: RedisClient, shards: number): Promise<Refusal | null> {
  const problems = await Promise.all(
    Array.from({ length: shards }, (_, shard) => writeProblem(redis, shardKeys(shard).probe)),
  )
  const refusing = problems.flatMap((reason, shard) => (reason === null ? [] : [{ shard, reason }]))
  const [first] = refusing
  return first ? { shards: refusing.map(({ shard }) => shard), reason: first.reason } : null
}

const refusedWrites = ({ shards: refusing, reason }: Refusal, shards: number): string =>
  refusing.length === shards
    ? `Redis takes no writes: refreshes are refused (${reason})`
    : `Redis takes no writes of shards ${shardList(refusing)}: refreshes of their users are refused (${reason})`

const pausedQueues = (paused: readonly number[], shards: number): string =>
  shards === 1
    ? 'The queue is paused: refreshes wait, also those of who logs in for the first time'
    : `The queue of shards ${shardList(paused)} is paused: refreshes of their users wait, also those of who logs in for the first time`

function unserved(processes: readonly ProcessReport[], shards: number): string[] {
  if (!processes.some(({ role }) => role === 'worker')) return ['No worker is alive: refreshes wait in the queue']
  const missing = unservedShards(processes, shards)
  if (missing.length === 0) return []
  return [`No worker serves shards ${shardList(missing)} (WORKER_SHARDS): refreshes of their users wait in the queue`]
}

const stuckLoops = (processes: readonly ProcessReport[]): string[] =>
  processes.flatMap(({ id, host, pid, stuck = [] }) =>
    stuck.length > 0 ? [`${id} (pid ${pid} on ${host}) is stuck: it takes no jobs of shard ${stuck.join(', ')}`] : [],
  )

function otherShards(processes: readonly ProcessReport[], shards: number): string[] {
  const other = processes.find((process) => process.shards !== shards)
  if (!other) return []
  return [`${other.id} runs with SHARDS=${other.shards}, this api with ${shards}: each misses users of the other`]
}

/** One line for each domain, with what the worker says that has known for longest. */
function brokenBackends(processes: readonly ProcessReport[]): OpsTrouble[] {
  const workers = processes.filter(({ role }) => role === 'worker')
  const told = workers.flatMap(({ broken = [] }) => broken).sort((a, b) => (a.since < b.since ? -1 : 1))
  return [...new Set(told.map(({ domain }) => domain))].map((domain) => {
    const [first, ...others] = told.filter((broken) => broken.domain === domain)
    const said = `${others.length + 1} of ${workers.length} workers`
    return {
      text: `The backend of ${domain} does not work since ${first?.since}, say ${said}: its users fail at once (${first?.reason})`,
      place: { view: 'failures', domain },
    }
  })
}

function missingGateway(processes: readonly ProcessReport[], targets: HealthDeps['targets']): OpsTrouble[] {
  if (targets.length === 0 || processes.some(({ role }) => role === 'gateway')) return []
  return [{ text: 'No gateway is alive: nobody is told of changes', place: GATEWAYS }]
}

/** One line for each target, whatever the number of its shards. */
function silentTargets(processes: readonly ProcessReport[], targets: HealthDeps['targets']): OpsTrouble[] {
  const gateways = processes.filter(({ role }) => role === 'gateway')
  const silent = gateways.flatMap((gateway) => gateway.silent ?? [])
  const named = namedTargets(targets, gateways)
  return [...new Set(silent.map(({ target }) => target))].map((name) => {
    const ofTarget = silent.filter(({ target }) => target === name)
    const waiting = ofTarget.reduce((sum, one) => sum + one.waiting, 0)
    const [first] = ofTarget
    const text = first?.isDisabled
      ? `${name} is disabled and told nothing (${first.reason}); npm run targets -- enable ${name} has it told again`
      : `${name} takes no changes (${first?.reason}); ${waiting} wait for it`
    const domain = named.find((target) => target.name === name)?.domain
    return { text, place: GATEWAYS, ...(domain && { domain }) }
  })
}

const unreadable = (text: string): Condition => ({ isReadable: false, status: 'unavailable', troubles: [{ text }] })
