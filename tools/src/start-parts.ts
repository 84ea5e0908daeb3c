import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RedisPlace } from '@rollcall/runtime'
import { appArgs } from './app-command.ts'
import { startChild } from './child.ts'
import { type Part, type PartOptions, part } from './part.ts'
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
  /** The example, the api, the workers. */
  readonly apps: readonly Part[]
  readonly all: readonly Part[]
  /** Of the Redis that is brought along; known once it runs. */
  redisUrl(): string
  /** To be typed in a second shell. */
  readonly againCommand: string
}

type Callbacks = Pick<PartOptions, 'onNote' | 'onEnd'>

const WORKERS = 2

/** The processes of `npm start`, none started yet. */
export function makeParts(options: StartOptions, callbacks: Callbacks): Parts {
  const { api, example, dataDirectory, domain, redisTimeoutMs: timeoutMs } = options
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

  const knownRedisUrl = () => {
    if (redisUrl === undefined) throw new StartError('Redis has not been started yet')
    return redisUrl
  }

  const app = (
    name: string,
    args: readonly string[],
    env: () => Record<string, string | undefined>,
    ready: PartOptions['ready'],
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
    })

  const redisPlace = (): RedisPlace => options.ownRedis ?? { kind: 'one', url: knownRedisUrl() }
  const rollcallEnv = () => ({
    ...(options.ownRedis ? {} : { REDIS_URL: knownRedisUrl() }), // one of the user's own is in the environment, or in the file
    ...(example ? { HTTP_ROSTER_URL: exampleRosterUrl(example) } : {}),
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
      app(`worker-${index + 1}`, appArgs('worker'), rollcallEnv, (child) =>
        untilWorkerBeats(child, { place: redisPlace(), timeoutMs }),
      ),
    ),
  ]

  return {
    redis,
    redisDirectory,
    apps,
    all: redis ? [redis, ...apps] : apps,
    redisUrl: knownRedisUrl,
    againCommand: againCommand(dataDirectory),
  }
}

function againCommand(dataDirectory: string): string {
  const data = dataDirectory === join(repositoryRoot, '.data') ? '' : ` --data ${shellWord(dataDirectory)}`
  return `npm start -- --again${data}`
}
