import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs, parseEnv } from 'node:util'
import { loadConfig, type RedisPlace } from '@rollcall/runtime'
import { urlOf } from './address.ts'
import { exampleTokenDoubts } from './example-token.ts'
import { freePort } from './free-port.ts'
import { type LocalProsody, localProsody, targetSettings } from './local-prosody.ts'

export interface StartFlags {
  /** Tell the npm start that runs already to start again what has ended. */
  readonly again: boolean
  /** Bring a Prosody as well, and clients of two users. */
  readonly withProsody: boolean
  /** Absolute: Redis data, logs, what runs. */
  readonly dataDirectory: string
}

export interface StartOptions {
  readonly dataDirectory: string
  readonly api: Address
  /** Undefined when the user has a backend: the example is left out then. */
  readonly example: (Address & { readonly token: string | undefined }) | undefined
  /** Undefined when nobody is to be told of changes: no gateway is started then. */
  readonly gateway: Address | undefined
  /** Undefined without `--with prosody`. */
  readonly prosody: LocalProsody | undefined
  /** TARGETS for all processes, with that Prosody among the user's own; undefined: as the user has it. */
  readonly targets: string | undefined
  /** A Redis of the user's own. */
  readonly ownRedis: RedisPlace | undefined
  readonly redisTimeoutMs: number
  /** Of the users of the example. */
  readonly domain: string
  /** Whether callers need a token. */
  readonly tokens: boolean
  /** Not wrong, but perhaps not meant. */
  readonly warnings: readonly string[]
}

export interface Address {
  /** Where it listens. */
  readonly host: string
  readonly port: number
  /** How this machine reaches it. */
  readonly url: string
}

type Environment = Readonly<Record<string, string | undefined>>

export class StartError extends Error {
  override readonly name = 'StartError'
}

// The example has no login: it is for this machine alone, whatever HOST says of the api.
const EXAMPLE_HOST = '127.0.0.1'

export function parseStartFlags(argv: readonly string[], directory: string): StartFlags {
  const options = {
    again: { type: 'boolean', default: false },
    data: { type: 'string', default: '.data' },
    with: { type: 'string' },
  } as const
  try {
    const { again, data, with: brought } = parseArgs({ args: [...argv], options }).values
    if (brought !== undefined && brought !== 'prosody')
      throw new Error(`--with ${brought}: only prosody can be brought`)
    return { again, withProsody: brought === 'prosody', dataDirectory: resolve(directory, data) }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new StartError(`${why}\nnpm start -- --help  explains what there is.`, { cause })
  }
}

/**
 * What the user has configured, by the environment, `.env` or `rollcall.config.json` in `directory`, in this order.
 * Throws ConfigError before anything is started when the api or a worker would.
 */
export async function readStartOptions(
  { dataDirectory, withProsody }: Pick<StartFlags, 'dataDirectory' | 'withProsody'>,
  environment: Environment,
  directory: string,
): Promise<StartOptions> {
  const env: Environment = { ...parseEnv(readIfThere(join(directory, '.env')) ?? ''), ...environment }
  const file = readConfigFile(join(directory, 'rollcall.config.json'))
  const ownBackend = env.HTTP_ROSTER_URL || 'httpRosterUrl' in file || 'domains' in file
  if (ownBackend && withProsody) throw new StartError(NOT_WITH_OWN_BACKEND)
  const examplePort = ownBackend ? undefined : await anyForZero(parsePort('EXAMPLE_PORT', env.EXAMPLE_PORT, 8090))
  const example =
    examplePort === undefined
      ? undefined
      : { ...addressOf(EXAMPLE_HOST, examplePort), token: env.ROLLCALL_TOKEN?.trim() || undefined }
  const rosterUrl = example ? { HTTP_ROSTER_URL: exampleRosterUrl(example) } : {}
  const config = loadConfig({ env: { ...environment, ...rosterUrl }, cwd: directory })
  const prosody = withProsody ? await localProsody(config.defaultDomain) : undefined
  const port = await anyForZero(config.port)
  const hasGateway = prosody !== undefined || config.targets.length > 0
  const gatewayPort = hasGateway ? await anyForZero(config.gatewayPort) : undefined
  refuseSharedPorts({ PORT: port, EXAMPLE_PORT: examplePort, GATEWAY_PORT: gatewayPort })
  const isOwn = config.redis.kind !== 'one' || env.REDIS_URL || 'redisUrl' in file
  const ownRedis = isOwn ? config.redis : undefined
  return {
    dataDirectory,
    api: addressOf(config.host, port),
    example,
    gateway: gatewayPort === undefined ? undefined : addressOf(config.host, gatewayPort),
    prosody,
    targets: prosody && JSON.stringify({ ...ownTargets(env, file), prosody: targetSettings(prosody) }),
    ownRedis,
    redisTimeoutMs: config.redisTimeoutMs,
    domain: config.defaultDomain,
    tokens: config.tokens.length > 0,
    warnings: [
      ...config.warnings,
      ...(example ? exampleTokenDoubts(example.token, config) : []),
      ...(example && ownRedis ? [SHARED_REDIS] : []),
    ],
  }
}

export const exampleRosterUrl = ({ url }: Address): string => `${url}/contacts/%s`

const NOT_WITH_OWN_BACKEND = `--with prosody is for the users of the example, and you have a backend of your own (HTTP_ROSTER_URL or domains).
Leave out one of the two. A Prosody of your own is named in TARGETS: docs/prosody.md.`

const SHARED_REDIS =
  "The example's rosters go into your own Redis (REDIS_URL). Before you use that one with your own backend, take another database of it or empty it."

const addressOf = (host: string, port: number): Address => ({ host, port, url: urlOf(host, port) })

const anyForZero = (port: number): Promise<number> | number => (port === 0 ? freePort() : port)

function refuseSharedPorts(ports: Readonly<Record<string, number | undefined>>): void {
  const taken = new Map<number, string>()
  for (const [name, port] of Object.entries(ports)) {
    if (port === undefined) continue
    const first = taken.get(port)
    if (first) throw new StartError(`${first} and ${name} are both ${port}: give each one of its own.`)
    taken.set(port, name)
  }
}

// As they are written: loadConfig has found them right.
const ownTargets = ({ TARGETS }: Environment, file: object): object =>
  TARGETS?.trim() ? JSON.parse(TARGETS) : 'targets' in file ? (file.targets as object) : {}

function parsePort(name: string, value: string | undefined, otherwise: number): number {
  if (value === undefined || value === '') return otherwise
  const port = Number(value)
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port
  throw new StartError(`${name} must be a port, 0 to 65535, not ${JSON.stringify(value)}`)
}

// Only to see what is set there: whether it is right, loadConfig says.
function readConfigFile(file: string): object {
  try {
    const values: unknown = JSON.parse(readIfThere(file) ?? '{}')
    return typeof values === 'object' && values !== null ? values : {}
  } catch {
    return {}
  }
}

const readIfThere = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined)
