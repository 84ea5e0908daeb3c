import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CONFIG_ENVIRONMENT } from '@rollcall/runtime'
import { type Child, type RedisServer, repositoryRoot, startChild, startRedisServer } from '@rollcall/tools'
import { LISTENING } from './listen.ts'

export interface Launcher {
  /** A process of node, with nothing set that whoever runs this has set. */
  start(name: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Child>
  redis(options?: { readonly appendOnly?: boolean }): Promise<RedisServer>
  /** Of its own, for what is started otherwise; gone at the end. */
  directory(name: string): string
  /** Done at the end, the last one first. */
  atEnd(stop: () => Promise<unknown>): void
}

const stopsOfRunning = new Set<() => Promise<void>>()

/** Ends every process that was launched, for a bench that is ended itself. */
export async function stopLaunched(): Promise<void> {
  await Promise.all([...stopsOfRunning].map((stop) => stop()))
}

/** What `build` starts, and how to end all of it; whatever was started is ended when `build` throws. */
export async function launch<T extends object>(
  build: (launcher: Launcher) => Promise<T>,
): Promise<T & { stop(): Promise<void> }> {
  const stops: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end()
    stopsOfRunning.delete(stop)
  }
  stopsOfRunning.add(stop)

  /** Where neither .env nor rollcall.config.json is, and no variable of whoever runs this reaches what is measured. */
  const directory = await temporaryDirectory()
  stops.push(() => rm(directory, { recursive: true, force: true }))
  const launcher: Launcher = {
    async start(name, args, env = {}) {
      const child = await startChild({
        name,
        command: process.execPath,
        args,
        cwd: directory,
        env: { ...NOTHING_SET, ...env },
      })
      stops.push(() => child.stop({ graceMs: 15_000 })) // a profile takes its time to be written
      return child
    },
    async redis(options = {}) {
      const server = await startRedisServer({
        ...options,
        directory: join(directory, 'redis'),
        args: ['--auto-aof-rewrite-percentage', '0'], // or a fork of Redis would fall upon one of what is compared
      })
      stops.push(() => server.stop())
      return server
    },
    directory: (name) => join(directory, name),
    atEnd: (end) => void stops.push(end),
  }
  try {
    return { ...(await build(launcher)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Of a program of the bench that has been built. */
export const built = (program: string): string => join(repositoryRoot, `bench/dist/${program}.js`)

export async function urlOfChild(child: Child): Promise<string> {
  const url = LISTENING.exec(await child.waitForLine(LISTENING))?.[1]
  if (url === undefined) throw new Error(`${child.name} does not say where it listens`)
  return url
}

const NOTHING_SET = Object.fromEntries(
  [...CONFIG_ENVIRONMENT, 'NODE_OPTIONS', 'NODE_ENV', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'].map(
    (name) => [name, undefined],
  ),
)

async function temporaryDirectory(): Promise<string> {
  const cache = join(repositoryRoot, '.cache')
  await mkdir(cache, { recursive: true })
  return mkdtemp(join(cache, 'bench-'))
}
