import type { Domain } from '@rollcall/roster'
import {
  type Config,
  liveProcesses,
  type ProcessReport,
  type RosterStore,
  redisTrouble,
  writeProblem,
} from '@rollcall/runtime'
import type { Redis } from 'ioredis'
import type { OpenUsers } from './open-users.ts'

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
  readonly redis: Redis
  readonly shards: number
  readonly openUsers: Pick<OpenUsers, 'count' | 'max'>
  readonly domains: Pick<Config['domains'], 'has'>
  readonly store: Pick<RosterStore, 'heldDomains'>
  /** This process has been asked to end. */
  readonly ending: () => boolean
}

/** Ready = Redis can be read, so that logins go on; what does not work besides is said, but takes no api out of service. */
export async function readiness({ redis, shards, openUsers, domains, store, ending }: HealthDeps): Promise<Health> {
  if (ending()) return unavailable('This process is ending')
  try {
    const [processes, notWritable, open, held] = await Promise.all([
      liveProcesses(redis),
      writeProblem(redis),
      openUsers.count(),
      store.heldDomains(),
    ])
    const reasons: string[] = []
    // What takes no writes takes no heartbeats either: then nothing is known of the workers.
    if (notWritable) reasons.push(`Redis takes no writes: refreshes are refused (${notWritable})`)
    else if (!processes.some(({ role }) => role === 'worker'))
      reasons.push('No worker is alive: refreshes wait in the queue')
    for (const { id, host, pid, stuck = [] } of processes)
      if (stuck.length > 0)
        reasons.push(`${id} (pid ${pid} on ${host}) is stuck: it takes no jobs of shard ${stuck.join(', ')}`)
    reasons.push(...brokenBackends(processes))
    const other = processes.find((process) => process.shards !== shards)
    if (other)
      reasons.push(
        `${other.id} runs with SHARDS=${other.shards}, this api with ${shards}: each misses users of the other`,
      )
    if (open >= openUsers.max)
      reasons.push(`${open} users wait to be fetched: refreshes are refused (MAX_OPEN_USERS is ${openUsers.max})`)
    for (const [domain, since] of held) {
      if (domains.has(domain as Domain))
        reasons.push(
          `The backend of ${domain} gives empty rosters; they are held back since ${new Date(since).toISOString()}, until somebody confirms or rejects them`,
        )
    }
    return { httpStatus: 200, body: { status: reasons.length > 0 ? 'degraded' : 'ok', reasons, openUsers: open } }
  } catch (error) {
    return unavailable(`Redis cannot be read: ${redisTrouble(error)}`)
  }
}

/** One line for each domain, with what the worker says that has known for longest. */
function brokenBackends(processes: readonly ProcessReport[]): string[] {
  const workers = processes.filter(({ role }) => role === 'worker')
  const told = workers.flatMap(({ broken = [] }) => broken).sort((a, b) => (a.since < b.since ? -1 : 1))
  return [...new Set(told.map(({ domain }) => domain))].map((domain) => {
    const [first, ...others] = told.filter((broken) => broken.domain === domain)
    const said = `${others.length + 1} of ${workers.length} workers`
    return `The backend of ${domain} does not work since ${first?.since}, say ${said}: its users fail at once (${first?.reason})`
  })
}

const unavailable = (reason: string): Health => ({
  httpStatus: 503,
  body: { status: 'unavailable', reasons: [reason] },
})
