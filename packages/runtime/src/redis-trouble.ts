import { RedisSilentError } from './redis-socket.ts'

/** Redis cannot be asked, or did not answer: a caller gets 503, a job is done again. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError'
  constructor(cause?: unknown) {
    super('Redis is not reachable or did not answer in time', { cause })
  }
}

const WRITE_REFUSALS =
  /^(READONLY|OOM|EXECABORT|MISCONF|NOREPLICAS|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOPERM|NOAUTH|NOSCRIPT)/

/** Whether an error of a Redis call means that Redis is away, hangs, or refuses to write: none of them the caller's fault. */
export function isRedisTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof RedisUnavailableError || error instanceof RedisSilentError) return true
  if (error.name === 'MaxRetriesPerRequestError' || error.name === 'ClusterAllFailedError') return true
  return WRITE_REFUSALS.test(error.message) || CONNECTION_TROUBLE.test(error.message)
}

/** The same in words for people: what Redis itself says, or that it says nothing. */
export function redisTrouble(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return isRedisTrouble(error) && !WRITE_REFUSALS.test(error.message)
    ? 'it is not reachable or did not answer in time'
    : error.message
}

const CONNECTION_TROUBLE =
  /Stream isn't writeable|Connection is closed|Command aborted due to connection close|max number of clients|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|Too many Cluster redirections|Cluster isn't ready|Cluster is ended|startup nodes is available/
