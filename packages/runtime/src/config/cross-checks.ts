import type { Domain } from '@rollcall/roster'
import { isLoopback } from '../access/loopback.ts'
import type { CheckedSettings } from './check-settings.ts'
import type { Problem } from './config-error.ts'
import type { Settings } from './settings.ts'
import type { Given } from './sources.ts'

/** Above it, the work of a killed worker is not done again within 10 s. */
const MAX_STALL_MS = 9_000

/** What no setting shows alone. */
export function crossChecks(checked: CheckedSettings, named: ReadonlySet<Domain>, given: Given): Problem[] {
  return [
    ...openToAll(checked, given),
    ...repeatedTokens(checked, given),
    ...foreignDomains(checked, named, given),
    ...shortTtl(checked, given),
    ...repairPauses(checked, given),
    ...foreignShards(checked, given),
    ...uselessIdentity(checked, given),
  ]
}

function openToAll({ settings, isBroken }: CheckedSettings, given: Given): Problem[] {
  if (settings.tokens.length > 0 || isLoopback(settings.host) || isBroken('tokens')) return []
  return [
    {
      where: given.nameOf('host'),
      found: `"${settings.host}", and no tokens: anybody who reaches it could read and refresh every roster`,
      advice:
        'Make a token (npm run token -- --name app --rights notify,read) and put what it prints into TOKENS, or write 127.0.0.1.',
    },
  ]
}

function repeatedTokens({ settings: { tokens } }: CheckedSettings, given: Given): Problem[] {
  return (['id', 'name'] as const).flatMap((field) =>
    tokens.flatMap((token, index) => {
      if (tokens.findIndex((other) => other[field] === token[field]) === index) return []
      const advice =
        field === 'id' ? 'Remove the repeated entry.' : 'Give each token a name of its own, "app-2026" say.'
      return [
        { where: tokenPlace(given, `[${index}].${field}`), found: `"${token[field]}" for the second time`, advice },
      ]
    }),
  )
}

function foreignDomains({ settings, isBroken }: CheckedSettings, named: ReadonlySet<Domain>, given: Given): Problem[] {
  if (isBroken('domains') || isBroken('defaultDomain')) return []
  return settings.tokens.flatMap(({ domains }, index) => {
    if (domains === '*') return []
    const advice = `Write "*" or domains that are configured: ${[...named].join(', ')}.`
    return domains
      .filter((domain) => !named.has(domain))
      .map((domain) => ({
        where: tokenPlace(given, `[${index}].domains`),
        found: `"${domain}", which is not configured`,
        advice,
      }))
  })
}

const tokenPlace = (given: Given, path: string): string => given.nameOf('tokens').replace(/^\S+/, `$&${path}`)

function shortTtl({ settings: { refreshTtlS, refreshDeadlineMs } }: CheckedSettings, given: Given): Problem[] {
  if (refreshTtlS * 1000 > refreshDeadlineMs) return []
  return [
    {
      where: given.nameOf('refreshTtlS'),
      found: `${refreshTtlS}: a refresh would be forgotten before its deadline of ${refreshDeadlineMs} ms`,
      advice: `Write more than ${Math.ceil(refreshDeadlineMs / 1000)}, or shorten REFRESH_DEADLINE_MS.`,
    },
  ]
}

function repairPauses({ settings: { repairMinMs, repairMaxMs } }: CheckedSettings, given: Given): Problem[] {
  if (repairMinMs <= repairMaxMs) return []
  return [
    {
      where: given.nameOf('repairMaxMs'),
      found: `${repairMaxMs}: shorter than REPAIR_MIN_MS, which is ${repairMinMs}`,
      advice: `Write ${repairMinMs} or more, or shorten REPAIR_MIN_MS.`,
    },
  ]
}

function foreignShards(
  { settings: { shards, workerShards = [] }, isBroken }: CheckedSettings,
  given: Given,
): Problem[] {
  const last = workerShards.at(-1)
  if (last === undefined || last < shards || isBroken('shards')) return []
  return [
    {
      where: given.nameOf('workerShards'),
      found: `${last}, and SHARDS is ${shards}`,
      advice: `Write shards from 0 to ${shards - 1}, or change SHARDS everywhere.`,
    },
  ]
}

/** Who may act is asked of those alone whom a proxy names, and a proxy is believed only when it is trusted. */
function uselessIdentity({ settings, isBroken }: CheckedSettings, given: Given): Problem[] {
  const { trustedProxies, opsIdentityHeader, opsOperators } = settings
  if (opsIdentityHeader !== undefined && trustedProxies.length === 0 && !isBroken('trustedProxies')) {
    const advice =
      'Write the address of the proxy into TRUSTED_PROXIES, or leave this out: anybody could send the header.'
    return [
      { where: given.nameOf('opsIdentityHeader'), found: `"${opsIdentityHeader}", and no TRUSTED_PROXIES`, advice },
    ]
  }
  if (opsOperators.length > 0 && opsIdentityHeader === undefined && !isBroken('opsIdentityHeader')) {
    const advice =
      'Write the header in which the proxy says who it is, or leave this out: tokens have rights of their own.'
    return [{ where: given.nameOf('opsOperators'), found: 'names, and no OPS_IDENTITY_HEADER', advice }]
  }
  return []
}

/** What works, but perhaps not as meant. */
export function doubts(settings: Settings, domains: number): string[] {
  const { jobLockMs, stallCheckMs, readDeadlineMs, refreshDeadlineMs, redisTimeoutMs } = settings
  const { workerConcurrency, slowLane, backendConnections } = settings
  const found: string[] = []
  if (jobLockMs + stallCheckMs > MAX_STALL_MS) {
    found.push(
      `JOB_LOCK_MS + STALL_CHECK_MS is ${jobLockMs + stallCheckMs}: above ${MAX_STALL_MS} the work of a killed worker is not done again within 10 s.`,
    )
  }
  if (readDeadlineMs > refreshDeadlineMs) {
    found.push(
      `READ_DEADLINE_MS (${readDeadlineMs}) is above REFRESH_DEADLINE_MS (${refreshDeadlineMs}): a login would wait longer than a refresh.`,
    )
  }
  if (redisTimeoutMs > readDeadlineMs) {
    found.push(
      `REDIS_TIMEOUT_MS (${redisTimeoutMs}) is above READ_DEADLINE_MS (${readDeadlineMs}): with Redis away, a read is answered late.`,
    )
  }
  if (backendConnections < workerConcurrency + slowLane) {
    found.push(
      `BACKEND_CONNECTIONS (${backendConnections}) is below WORKER_CONCURRENCY + SLOW_LANE (${workerConcurrency + slowLane}): when users hang, others wait for a connection on their own deadline. BACKEND_MAX_CONCURRENT bounds requests without that.`,
    )
  }
  if (domains > 1 && slowLane < workerConcurrency) {
    found.push(
      `SLOW_LANE (${slowLane}) is below WORKER_CONCURRENCY (${workerConcurrency}): a backend that hangs holds up the users of other domains.`,
    )
  }
  return found
}
