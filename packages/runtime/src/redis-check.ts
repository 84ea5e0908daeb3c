import { SCHEMA_KEY } from './keys.ts'
import type { RedisClient } from './redis.ts'
import { redisTrouble } from './redis-trouble.ts'

/**
 * Layout of the keys in Redis, as this version writes it. The next layout only adds what this one need not know, so that
 * the processes of two adjacent ones work side by side while a deploy goes on; all others are refused.
 */
export const SCHEMA_VERSION = 1

/** What the scripts and BullMQ need. */
export const OLDEST_REDIS = '6.2.0'
/** The first with sharded pub/sub. */
export const OLDEST_CLUSTER = '7.0.0'

/** Waiting will not mend it: the process must not go on with this Redis. */
export class RedisUnusableError extends Error {
  override readonly name = 'RedisUnusableError'
}

/**
 * Looks at a Redis before it is used. Throws `RedisUnusableError` for a wrong password, a version that is too old, or a
 * layout that is not ours nor next to it; returns warnings for what works but should be mended.
 */
export async function checkRedis(redis: RedisClient, layout = SCHEMA_VERSION): Promise<string[]> {
  const servers = redis.isCluster && 'nodes' in redis ? redis.nodes('master') : [redis]
  const warnings = (await Promise.all(servers.map((server) => checkServer(server, redis.isCluster)))).flat()
  await checkLayout(redis, layout)
  return [...new Set(warnings)]
}

async function checkServer(server: RedisClient, isCluster: boolean): Promise<string[]> {
  const info = await server.info('server')
  const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? '0'
  const oldest = isCluster ? OLDEST_CLUSTER : OLDEST_REDIS
  if (isOlder(version, oldest)) {
    throw new RedisUnusableError(
      `Redis is ${version}; Rollcall needs ${oldest} or newer${isCluster ? ' of a Cluster' : ''}. Upgrade it, or point REDIS_URL at another one.`,
    )
  }
  if (!isCluster && /^redis_mode:cluster/m.test(info)) {
    throw new RedisUnusableError(
      'Redis is a node of a Cluster: write REDIS_CLUSTER with the addresses of some of its nodes, in place of REDIS_URL.',
    )
  }
  return policyWarnings(await server.info('memory'))
}

/** The key names the newest layout that has been written. */
async function checkLayout(redis: RedisClient, ours: number): Promise<void> {
  await redis.set(SCHEMA_KEY, ours, 'NX')
  const written = Number(await redis.get(SCHEMA_KEY))
  if (Math.abs(written - ours) > 1) {
    const other = written > ours ? 'newer' : 'older'
    const advice = written > ours ? 'Run the newer version' : `Run the version with layout ${ours - 1} first`
    throw new RedisUnusableError(
      `The data in Redis has layout ${written}, ${other} than this Rollcall can work with (${ours}, beside ${ours - 1} or ${ours + 1}). ${advice}, or use an empty Redis database.`,
    )
  }
  if (written < ours) await redis.set(SCHEMA_KEY, ours)
}

function policyWarnings(info: string): string[] {
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
  if (!policy || policy === 'noeviction') return []
  return [`Redis has maxmemory-policy ${policy}: when memory is full it drops jobs and locks. Set it to noeviction.`]
}

/** Errors that only a change of the configuration mends. */
export function isCredentialTrouble(error: unknown): error is Error {
  return error instanceof Error && UNMENDED.test(error.message)
}

const UNMENDED =
  /^(WRONGPASS|NOAUTH|NOPERM|ERR invalid password|ERR AUTH|ERR DB index is out of range|ERR This instance has cluster support disabled)/

/** Why a Cluster could not be asked is in the error of the last node. */
const causeOf = (error: Error): unknown => ('lastNodeError' in error ? error.lastNodeError : error)

/**
 * Waits until a connection is ready. Throws `RedisUnusableError` when Redis refuses what the URL says; returns false when
 * Redis was not reachable within `timeoutMs` (the connection goes on trying).
 */
export function whenReady(redis: RedisClient, timeoutMs: number): Promise<boolean> {
  if (redis.status === 'ready') return Promise.resolve(true)
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer)
      redis.off('ready', onReady)
      redis.off('error', onError)
    }
    const onReady = () => {
      done()
      resolve(true)
    }
    const onError = (error: Error) => {
      const cause = causeOf(error)
      if (!isCredentialTrouble(cause)) return
      done()
      reject(new RedisUnusableError(`Redis refuses what ${settingsOf(redis)} says: ${cause.message}`, { cause: error }))
    }
    const timer = setTimeout(() => {
      done()
      resolve(false)
    }, timeoutMs)
    redis.on('ready', onReady)
    redis.on('error', onError)
  })
}

const settingsOf = (redis: RedisClient): string => {
  if (redis.isCluster) return 'REDIS_CLUSTER'
  return 'sentinels' in redis.options && redis.options.sentinels ? 'REDIS_SENTINELS' : 'REDIS_URL'
}

/** Whether Redis takes writes to a key now: a replica, a full disk or full memory does not. */
export async function writeProblem(redis: RedisClient, key: string): Promise<string | null> {
  try {
    await redis.set(key, '1', 'EX', 60)
    return null
  } catch (error) {
    return redisTrouble(error)
  }
}

function isOlder(version: string, oldest: string): boolean {
  const a = version.split('.').map(Number)
  const b = oldest.split('.').map(Number)
  for (let i = 0; i < b.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
