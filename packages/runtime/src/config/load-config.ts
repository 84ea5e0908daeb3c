import { resolve } from 'node:path'
import { checkSettings } from './check-settings.ts'
import type { Config } from './config.ts'
import { ConfigError } from './config-error.ts'
import { crossChecks, doubts } from './cross-checks.ts'
import { domainConfigs } from './domain-configs.ts'
import { effectiveSettings } from './effective-settings.ts'
import { redisPlace } from './redis-place.ts'
import { type ConfigSources, gatherSettings, readIfThere } from './sources.ts'
import { targetConfigs } from './target-configs.ts'

/**
 * The configuration from environment, `.env` and `rollcall.config.json`. Throws ConfigError, which lists everything
 * that is wrong at once.
 */
export function loadConfig(sources: ConfigSources): Config {
  const given = gatherSettings(sources)
  const checked = checkSettings(given)
  const found = domainConfigs(checked, given)
  const redis = redisPlace(checked, given, (file) => (sources.readFile ?? readIfThere)(resolve(sources.cwd, file)))
  const told = targetConfigs(checked, found.named, found.defaultDomain, given)
  const warnings = [...given.warnings, ...found.warnings, ...doubts(checked.settings, found.named.size)]
  const problems = [
    ...given.problems,
    ...checked.problems,
    ...found.problems,
    ...redis.problems,
    ...told.problems,
    ...crossChecks(checked, found.named, given),
  ]
  if (problems.length > 0) throw new ConfigError(problems, warnings)

  // What is given to the domains is left out, so that nobody takes the common value for that of a domain; and so is what
  // only together says where Redis is.
  const {
    $schema,
    httpRosterUrl,
    backendHeaders,
    backendTimeoutMs,
    maxRosterBytes,
    maxContacts,
    unknownUser,
    unknownUserRead,
    backendMaxConcurrent,
    backendMaxPerSecond,
    redisUrl,
    redisCluster,
    redisSentinels,
    redisSentinelName,
    redisUsername,
    redisPassword,
    redisSentinelUsername,
    redisSentinelPassword,
    redisTls,
    redisCaFile,
    targets,
    ...own
  } = checked.settings
  const { domains, defaultDomain } = found
  const effective = effectiveSettings(given)
  return { ...own, redis: redis.place, domains, defaultDomain, targets: told.targets, effective, warnings }
}
