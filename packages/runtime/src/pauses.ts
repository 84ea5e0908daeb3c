import type { Domain } from '@rollcall/roster'
import type { Redis } from 'ioredis'
import { pauseKey } from './keys.ts'

const POLL_MS = 1000

/** KEYS 1 pause; ARGV 1 ms. A shorter pause does not end a longer one. PEXPIRE could do that by itself from Redis 7 on. */
const EXTEND = `
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
end`

export type Pauses = ReturnType<typeof domainPauses>

/**
 * Which backends asked to be left alone (`Retry-After`), shared by all workers: each learns of a pause within a second.
 * A pause is a key that expires, so no clocks are compared.
 */
export function domainPauses({ redis, domains }: { readonly redis: Redis; readonly domains: readonly Domain[] }) {
  const until = new Map<Domain, number>()
  const learn = (domain: Domain, ms: number) => until.set(domain, Math.max(until.get(domain) ?? 0, Date.now() + ms))
  const poll = async (): Promise<void> => {
    const left = await Promise.all(domains.map((domain) => redis.pttl(pauseKey(domain))))
    domains.forEach((domain, i) => {
      const ms = left[i] ?? 0
      if (ms > 0) learn(domain, ms)
    })
  }
  const timer = setInterval(() => void poll().catch(() => {}), POLL_MS)

  return {
    /** Milliseconds that the backend of a domain is still to be left alone; 0 when it is not paused. */
    left: (domain: Domain): number => Math.max(0, (until.get(domain) ?? 0) - Date.now()),

    async pause(domain: Domain, ms: number): Promise<void> {
      learn(domain, ms)
      await redis.eval(EXTEND, 1, pauseKey(domain), ms)
    },

    stop: () => clearInterval(timer),
  }
}
