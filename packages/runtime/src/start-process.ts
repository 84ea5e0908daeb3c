import { readFileSync } from 'node:fs'
import { type Config, ConfigError, type ConfigSources, loadConfig } from './config/index.ts'
import { createLog, describeConfig, type Log } from './log/index.ts'
import type { RedisClient } from './redis.ts'
import { checkRedis, RedisUnusableError, whenReady } from './redis-check.ts'
import { onFreshConnection } from './redis-fresh.ts'

export interface Started {
  readonly config: Config
  readonly log: Log
}

/** Configuration and log of a process. What is wrong with the configuration is printed whole, for people, and ends it. */
export function startProcess(name: string, sources: ConfigSources): Started {
  const config = configOrExit(sources)
  const log = createLog({ level: config.logLevel, name })
  log.info({ config: describeConfig(config) }, `Rollcall's ${name} starts`)
  for (const warning of config.warnings) log.warn(warning)
  return { config, log }
}

/** What is wrong is printed whole, for people, and ends the process. */
export function configOrExit(sources: ConfigSources): Config {
  try {
    return loadConfig(sources)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}

/**
 * Looks at Redis before and whenever it is used anew: after each reconnect it may be another one. A Redis that cannot be
 * used (wrong password, too old, newer layout) ends the process; one that is away is waited for.
 */
export async function vetRedis(redis: RedisClient, timeoutMs: number, log: Log): Promise<void> {
  const vet = async (): Promise<void> => {
    for (const warning of await checkRedis(redis)) log.warn(warning)
  }
  const orExit = (error: unknown): void => {
    if (!(error instanceof RedisUnusableError))
      return void log.warn({ err: error }, 'Redis could not be checked; it will be after the next reconnect')
    log.fatal(error.message)
    process.exit(1)
  }
  const ready = await whenReady(redis, timeoutMs).catch(orExit)
  if (ready) await vet().catch(orExit)
  else log.warn('Redis is not reachable yet; going on, and trying until it is')
  onFreshConnection(redis, () => void vet().catch(orExit))
}

/** Version of the package a module belongs to. */
export const versionOf = (moduleUrl: string): string =>
  (JSON.parse(readFileSync(new URL('../package.json', moduleUrl), 'utf8')) as { version: string }).version
