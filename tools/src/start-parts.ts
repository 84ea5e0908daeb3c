import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RedisPlace } from '@rollcall/runtime'
import { appArgs } from './app-command.ts'
import { startChild } from './child.ts'
import { addUsersOf, configurationOf, type LocalProsody, ONLINE, PASSWORD } from './local-prosody.ts'
import { type Part, type PartOptions, part } from './part.ts'
import { type ProsodyServer, startProsodyServer } from './prosody-server.ts'
import { startRedisServer } from './redis-server.ts'
import { repositoryRoot } from './repository.ts'
import { shellWord } from './shell-word.ts'
import { exampleRosterUrl, StartError, type StartOptions } from './start-options.ts'
import { untilWorkerBeats } from './worker-heartbeat.ts'

export interface Parts {
  /** Undefined when the user brings one. */
  readonly redis: Part | undefined
  /** Where that one keeps its data. */
  readonly redisDirectory: string
  /** What the others rest upon, started first and ended last: Redis, Prosody. */
  readonly servers: readonly Part[]
  /** The example, the api, the workers. */
  readonly apps: readonly Part[]
  /** Started when these are ready and accounts are made. */
  readonly gateway: Part | undefined
  /** Of users who are online, started when rosters are in place, to be told of what changes from then on. */
  readonly clients: readonly Part[]
  /** In the order in which they are started. */
  readonly all: readonly Part[]
  /** At Prosody, if there is one, for the users of the example, which has to be ready. */
  makeAccounts(): Promise<void>
  /** Of the Redis that is brought along; known once it runs. */
  redisUrl(): string
  /** To be typed in a second shell. */
  readonly againCommand: string
}

interface Callbacks extends Pick<PartOptions, 'onNote' | 'onEnd'> {
  /** Called for each line that a client says. */
  readonly onClient: (line: string) => void
}

const WORKERS = 2

/** The processes of `npm start`, none started yet. */
export function makeParts(options: StartOptions, { onClient, ...callbacks }: Callbacks): Parts {
  const { api, example, gateway, prosody, targets, dataDirectory, domain, redisTimeoutMs: timeoutMs } = options
  const logDirectory = join(dataDirectory, 'logs')
  mkdirSync(logDirectory, { recursive: true })
  const base = { logDirectory, ...callbacks }

  // The users of the example are nobody's, and must never be served as those of a backend of the user's own.
  const redisDirectory = join(dataDirectory, example ? 'example-redis' : 'redis')
  let redisUrl: string | undefined
  let redisPort: number | undefined
  const redis = options.ownRedis
    ? undefined
    : part({
        ...base,
        name: 'redis',
        launch: async ({ onLine }) => {
          const server = await startRedisServer({
            directory: redisDirectory,
            onLine,
            ownGroup: true,
            onBringing: () => console.log("▸ redis: bringing Debian's package, without root …"),
            ...(redisPort ? { port: redisPort } : {}),
          })
          redisUrl = server.url
          redisPort = server.port
          return server.child
        },
        ready: () => Promise.resolve(),
      })

  let prosodyServer: ProsodyServer | undefined
  const prosodyPart =
    prosody &&
    part({
      ...base,
      name: 'prosody',
      launch: async ({ onLine }) => {
        prosodyServer = await startProsodyServer({
          directory: join(dataDirectory, 'prosody'),
          configuration: await configurationOf(prosody),
          ports: prosody.ports,
          onLine,
          ownGroup: true,
          onBringing: () => console.log("▸ prosody: bringing Debian's packages, without root …"),
        })
        return prosodyServer.child
      },
      ready: () => Promise.resolve(),
    })

  const knownRedisUrl = () => {
    if (redisUrl === undefined) throw new StartError('Redis has not been started yet')
    return redisUrl
  }

  const app = (
    name: string,
    args: readonly string[],
    env: () => Record<string, string | undefined>,
    ready: PartOptions['ready'],
    more: Pick<PartOptions, 'onSay'> = {},
  ) =>
    part({
      ...base,
      name,
      launch: ({ onLine }) =>
        startChild({
          name,
          command: process.execPath,
          args: ['--enable-source-maps', ...args],
          cwd: repositoryRoot,
          env: env(),
          onLine,
          ownGroup: true,
        }),
      ready,
      ...more,
    })

  const redisPlace = (): RedisPlace => options.ownRedis ?? { kind: 'one', url: knownRedisUrl() }
  const rollcallEnv = () => ({
    ...(options.ownRedis ? {} : { REDIS_URL: knownRedisUrl() }), // one of the user's own is in the environment, or in the file
    ...(example ? { HTTP_ROSTER_URL: exampleRosterUrl(example) } : {}),
    ...(targets === undefined ? {} : { TARGETS: targets }),
  })

  const apps = [
    ...(example
      ? [
          app(
            'backend',
            [join(repositoryRoot, 'examples/contacts-app/dist/main.js')],
            () => ({
              HOST: example.host,
              PORT: String(example.port),
              ROLLCALL_URL: api.url,
              ROLLCALL_TOKEN: example.token,
              XMPP_DOMAIN: domain,
            }),
            (child) => child.waitForUrl(`${example.url}/health`),
          ),
        ]
      : []),
    app(
      'api',
      appArgs('api'),
      // Nobody in front of it asks whether it is ready, and Ctrl-C should not take longer for it.
      () => ({ ...rollcallEnv(), PORT: String(api.port), DRAIN_MS: '0' }),
      (child) => child.waitForUrl(`${api.url}/health/ready`),
    ),
    ...Array.from({ length: WORKERS }, (_, index) =>
      app(
        `worker-${index + 1}`,
        appArgs('worker'),
        () => ({ ...rollcallEnv(), WORKER_PORT: '0' }),
        (child) => untilWorkerBeats(child, { place: redisPlace(), timeoutMs }),
      ),
    ),
  ]

  const gatewayPart =
    gateway &&
    app(
      'gateway',
      appArgs('gateway'),
      () => ({ ...rollcallEnv(), GATEWAY_PORT: String(gateway.port) }),
      (child) => child.waitForUrl(`${gateway.url}/health/ready`),
    )

  const clientOf = (username: string, { domain, ports }: LocalProsody) =>
    app(
      username,
      [join(repositoryRoot, 'examples/xmpp-client/dist/main.js')],
      () => ({
        XMPP_SERVICE: `xmpp://127.0.0.1:${ports.clients}`,
        XMPP_DOMAIN: domain,
        XMPP_USER: username,
        XMPP_PASSWORD: PASSWORD,
      }),
      (child) => child.waitForLine(/: online/),
      { onSay: onClient },
    )
  const clients = prosody ? ONLINE.map((username) => clientOf(username, prosody)) : []

  const isThere = (each: Part | undefined): each is Part => each !== undefined
  const servers = [redis, prosodyPart].filter(isThere)
  return {
    redis,
    redisDirectory,
    servers,
    apps,
    gateway: gatewayPart,
    clients,
    all: [...servers, ...apps, gatewayPart, ...clients].filter(isThere),
    async makeAccounts() {
      if (prosody && prosodyServer && example) await addUsersOf(example.url, prosodyServer, prosody.domain)
    },
    redisUrl: knownRedisUrl,
    againCommand: againCommand(dataDirectory),
  }
}

function againCommand(dataDirectory: string): string {
  const data = dataDirectory === join(repositoryRoot, '.data') ? '' : ` --data ${shellWord(dataDirectory)}`
  return `npm start -- --again${data}`
}
