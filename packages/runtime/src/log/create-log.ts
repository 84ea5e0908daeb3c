import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino'
import { describeError } from './describe-error.ts'
import { hideSecrets } from './hide-secrets.ts'
import { standardOutput } from './standard-output.ts'

export type Log = Logger

export interface LogOptions {
  readonly level: string
  /** Who speaks: `api`, `worker`. */
  readonly name: string
  /** Default: standard output. */
  readonly destination?: DestinationStream
}

/**
 * One JSON object a line. Secrets and roster bodies do not get out: `authorization` and cookies are censored, of
 * `headers` only harmless ones keep their values, bodies become their size, and the finished line is searched for tokens
 * and for credentials in URLs.
 */
export function createLog({ level, name, destination = standardOutput() }: LogOptions): Log {
  const options = {
    level,
    name,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: CENSORED, censor },
    serializers: { err: describeError, error: describeError, headers: onlyHarmless },
    hooks: { streamWrite: hideSecrets },
  }
  return pino(options, destination)
}

const SECRETS = ['authorization', 'cookie', 'password', 'secret', 'token']
const BODIES = ['body', 'roster', 'contacts', 'added', 'removed']
const CENSORED = [...SECRETS, ...BODIES].flatMap((key) => [key, `*.${key}`, `*.*.${key}`])

/** Counts stay: `contacts: 20` is no roster. */
function censor(value: unknown, path: string[]): unknown {
  if (typeof value === 'number' || value === undefined) return value
  const key = path.at(-1)
  return key !== undefined && BODIES.includes(key) ? '[body]' : '***'
}

const HARMLESS = new Set([
  'accept',
  'accept-encoding',
  'age',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'etag',
  'host',
  'if-none-match',
  'location',
  'retry-after',
  'user-agent',
])

/** Any header of a backend may be configured, and so be a secret. */
function onlyHarmless(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null) return '***'
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, HARMLESS.has(name.toLowerCase()) ? value : '***']),
  )
}
