import { liveProcesses, redisTrouble, writeProblem } from '@rollcall/runtime'
import type { Redis } from 'ioredis'

export interface Health {
  readonly httpStatus: 200 | 503
  readonly body: { readonly status: 'ok' | 'degraded' | 'unavailable'; readonly reasons: readonly string[] }
}

export interface HealthDeps {
  readonly redis: Redis
  readonly shards: number
  /** This process has been asked to end. */
  readonly ending: () => boolean
}

/** Ready = Redis can be read, so that logins go on; what does not work besides is said, but takes no api out of service. */
export async function readiness({ redis, shards, ending }: HealthDeps): Promise<Health> {
  if (ending()) return unavailable('This process is ending')
  try {
    const [processes, notWritable] = await Promise.all([liveProcesses(redis), writeProblem(redis)])
    const reasons: string[] = []
    // What takes no writes takes no heartbeats either: then nothing is known of the workers.
    if (notWritable) reasons.push(`Redis takes no writes: refreshes are refused (${notWritable})`)
    else if (!processes.some(({ role }) => role === 'worker'))
      reasons.push('No worker is alive: refreshes wait in the queue')
    const other = processes.find((process) => process.shards !== shards)
    if (other)
      reasons.push(
        `${other.id} runs with SHARDS=${other.shards}, this api with ${shards}: each misses users of the other`,
      )
    return { httpStatus: 200, body: { status: reasons.length > 0 ? 'degraded' : 'ok', reasons } }
  } catch (error) {
    return unavailable(`Redis cannot be read: ${redisTrouble(error)}`)
  }
}

const unavailable = (reason: string): Health => ({
  httpStatus: 503,
  body: { status: 'unavailable', reasons: [reason] },
})
