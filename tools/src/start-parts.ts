import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, startChild } from './child.ts'
import { type Part, type PartOptions, part } from './part.ts'
import { startRedisServer } from './redis-server.ts'
import { repositoryRoot } from './repository.ts'
import { exampleRosterUrl, StartError, type StartOptions } from './start-options.ts'

export interface Parts {
  /** Undefined when the user brings one. */
  readonly redis: Part | undefined
  /** The example, the api, the workers. */
  readonly apps: readonly Part[]
  readonly all: readonly Part[]
  /** Known once Redis runs. */
  redisUrl(): string
  /** To be typed in a second shell. */
  readonly againCommand: string
}

type Callbacks = Pick<PartOptions, 'onNote' | 'onEnd'>

const WORKERS = 2

/** The processes of `npm start`, none started yet. */
export function makeParts(options: StartOptions, callbacks: Callbacks): Parts {
  const { port, examplePort, dataDirectory, domain } = options
  const logDirectory = join(dataDirectory, 'logs')
  mkdirSync(logDirectory, { recursive: true })
  const base = { logDirectory, ...callbacks }

  let redisUrl = options.redisUrl
  let redisPort: number | undefined
  const redis = redisUrl
    ? undefined
    : part({
        ...base,
        name: 'redis',
        // Redis writes plain text for its log file only: what matters of it, the api and the workers say as well.
        onNote: () => undefined,
        launch: async ({ onLine }) => {
          const directory = join(dataDirectory, 'redis')
          const server = await startRedisServer({
            directory,
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

  const app = (name: string, script: string, env: () => Record<string, string>, ready: PartOptions['ready']) =>
    part({
      ...base,
      name,
      launch: ({ onLine }) =>
        startChild({
          name,
          command: process.execPath,
          args: ['--enable-source-maps', join(repositoryRoot, script)],
          cwd: repositoryRoot,
          env: env(),
          onLine,
          ownGroup: true,
        }),
      ready,
    })

  const apiUrl = `http://127.0.0.1:${port}`
  const rollcallEnv = () => ({
    REDIS_URL: knownRedisUrl(),
    ...(examplePort === undefined ? {} : { HTTP_ROSTER_URL: exampleRosterUrl(examplePort) }),
  })

  const apps = [
    ...(examplePort === undefined
      ? []
      : [
          app(
            'backend',
            'examples/contacts-app/dist/main.js',
            () => ({ PORT: String(examplePort), ROLLCALL_URL: apiUrl, XMPP_DOMAIN: domain }),
            (child) => child.waitForUrl(`http://127.0.0.1:${examplePort}/health`),
          ),
        ]),
    app(
      'api',
      'apps/api/dist/main.js',
      () => ({ ...rollcallEnv(), PORT: String(port) }),
      (child) => child.waitForUrl(`${apiUrl}/health/ready`),
    ),
    ...Array.from({ length: WORKERS }, (_, index) =>
      app(`worker-${index + 1}`, 'apps/worker/dist/main.js', rollcallEnv, untilItSaysSomething),
    ),
  ]

  return {
    redis,
    apps,
    all: redis ? [redis, ...apps] : apps,
    redisUrl: knownRedisUrl,
    againCommand: againCommand(dataDirectory),
  }
}

// A worker listens on no port. Its first log line, or dying, is the first thing that can be seen of it.
async function untilItSaysSomething(child: Child): Promise<void> {
  await child.waitForLine(/./)
}

function againCommand(dataDirectory: string): string {
  const data = dataDirectory === join(repositoryRoot, '.data') ? '' : ` --data ${dataDirectory}`
  return `npm start -- --again${data}`
}
