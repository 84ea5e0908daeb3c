import { once } from 'node:events'
import {
  checkRedis,
  connectRedis,
  createLog,
  hideSecrets,
  type RedisPlace,
  RedisUnusableError,
} from '@rollcall/runtime'
import { StartError, type StartOptions } from './start-options.ts'

/**
 * Looks at the user's own Redis before anything is started, so that its absence is not taken for a fault of the api.
 * Throws StartError or RedisUnusableError when it cannot be used; returns what should be mended.
 */
export async function tryOwnRedis({
  ownRedis,
  redisTimeoutMs,
}: Pick<StartOptions, 'ownRedis' | 'redisTimeoutMs'>): Promise<string[]> {
  if (ownRedis === undefined) return []
  const log = createLog({ name: 'start', level: 'silent' })
  const redis = connectRedis({
    place: ownRedis,
    role: 'request',
    name: 'rollcall-start',
    timeoutMs: redisTimeoutMs,
    log,
  })
  const place = `Redis at ${whereIs(ownRedis)}`
  try {
    // Rejects at the first error already, where the api and the workers would go on trying.
    await once(redis, 'ready', { signal: AbortSignal.timeout(redisTimeoutMs) }).catch((cause: Error) => {
      throw new StartError(`${place} ${whatIsWrong(cause, redisTimeoutMs)}`, { cause })
    })
    return await checkRedis(redis).catch((error: Error) => {
      if (error instanceof RedisUnusableError) throw error
      return [`${place} could not be checked: ${error.message}`]
    })
  } finally {
    redis.disconnect()
  }
}

function whereIs(place: RedisPlace): string {
  if (place.kind === 'one') return hideSecrets(place.url)
  const addresses = place.kind === 'cluster' ? place.nodes : place.sentinels
  const listed = addresses.map(({ host, port }) => `${host}:${port}`).join(', ')
  return place.kind === 'cluster' ? listed : `${place.master} (Sentinels ${listed})`
}

function whatIsWrong(error: NodeJS.ErrnoException, timeoutMs: number): string {
  if (error.message.startsWith('NOAUTH')) {
    return 'wants a password: write it into REDIS_URL, as in redis://:PASSWORD@127.0.0.1:6379'
  }
  if (/^(WRONGPASS|ERR invalid password|ERR AUTH)/.test(error.message)) {
    return `refuses the user or the password of REDIS_URL (${error.message})`
  }
  if (error.name === 'ReplyError') return `cannot be used: ${error.message}`
  const why = error.name === 'AbortError' ? `nothing within ${timeoutMs} ms` : (error.code ?? error.message)
  return `does not answer (${why}): start it, or leave REDIS_URL out and one is started for you`
}
