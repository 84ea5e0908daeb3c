import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CONFIG_ENVIRONMENT } from '@rollcall/runtime'
import { appArgs, type Child, repositoryRoot, startChild, startRedisServer } from '@rollcall/tools'
import { Redis } from 'ioredis'
import type { BackendControl, BackendCounts } from './backend.ts'
import { type Cpu, cpuOfProcess, cpuOfRedis } from './cpu.ts'
import { LISTENING } from './listen.ts'

export interface StackOptions {
  /** Jobs that a worker runs at a time, in both designs. */
  readonly concurrency: number
  /** More of them for the api and the worker of Rollcall: a profile, say. */
  readonly nodeArgs?: (role: 'api' | 'worker') => readonly string[]
}

export interface Design {
  readonly name: 'rollcall' | 'plain'
  readonly url: string
  cpu(): Promise<Cpu>
}

export type Stack = Awaited<ReturnType<typeof startStack>>

const stopsOfRunning = new Set<() => Promise<void>>()

/** Ends every process of every stack, for a bench that is ended itself. */
export async function stopStacks(): Promise<void> {
  await Promise.all([...stopsOfRunning].map((stop) => stop()))
}

const DATABASES = { rollcall: 0, plainQueue: 1, plainRosters: 2, bare: 3 } as const

/** Both designs, one Redis and one backend, each a process; whatever was started is ended when one of them does not start. */
export async function startStack({ concurrency, nodeArgs = () => [] }: StackOptions) {
  const stops: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end()
    stopsOfRunning.delete(stop)
  }
  stopsOfRunning.add(stop)

  /** Where neither .env nor rollcall.config.json is, and no variable of whoever runs this reaches what is measured. */
  const directory = await temporaryDirectory()
  stops.push(() => rm(directory, { recursive: true, force: true }))
  const start = async (name: string, args: readonly string[], env: Record<string, string>) => {
    const child = await startChild({
      name,
      command: process.execPath,
      args,
      cwd: directory,
      env: { ...NOTHING_SET, ...env },
    })
    stops.push(() => child.stop({ graceMs: 15_000 })) // a profile takes its time to be written
    return child
  }

  try {
    const server = await startRedisServer({
      directory: join(directory, 'redis'),
      args: ['--auto-aof-rewrite-percentage', '0'], // or a fork of Redis would fall upon one of the two designs
    })
    stops.push(() => server.stop())
    const urlOf = (database: number): string => `${server.url}/${database}`
    const connect = (database: number): Redis => {
      const redis = new Redis(urlOf(database))
      stops.push(async () => redis.disconnect())
      return redis
    }
    const redis = connect(DATABASES.rollcall)
    const backend = await start('backend', [built('backend')], {})
    const backendUrl = await urlOfChild(backend)

    const settings = {
      REDIS_URL: urlOf(DATABASES.rollcall),
      HTTP_ROSTER_URL: `${backendUrl}/contacts/%s`,
      PORT: '0',
      WORKER_CONCURRENCY: String(concurrency),
      BACKEND_CONNECTIONS: String(concurrency),
      REFRESH_DEADLINE_MS: '300000',
      DRAIN_MS: '0',
    }
    const api = await start('api', [...nodeArgs('api'), ...appArgs('api')], settings)
    const worker = await start('worker', [...nodeArgs('worker'), ...appArgs('worker')], settings)

    const plainSettings = {
      PLAIN_QUEUE_URL: urlOf(DATABASES.plainQueue),
      PLAIN_ROSTERS_URL: urlOf(DATABASES.plainRosters),
      PLAIN_BACKEND: backendUrl,
      PLAIN_CONCURRENCY: String(concurrency),
    }
    const plainApi = await start('plain api', [built('plain/api')], plainSettings)
    const plainWorker = await start('plain worker', [built('plain/worker')], plainSettings)
    await Promise.all([worker.waitForLine(/Taking jobs/), plainWorker.waitForLine(/taking jobs/)])

    const design = async (name: Design['name'], its: { api: Child; worker: Child }): Promise<Design> => ({
      name,
      url: await urlOfChild(its.api),
      cpu: async () => ({
        api: cpuOfProcess(its.api.pid),
        worker: cpuOfProcess(its.worker.pid),
        redis: await cpuOfRedis(redis),
      }),
    })

    return {
      rollcall: await design('rollcall', { api, worker }),
      plain: await design('plain', { api: plainApi, worker: plainWorker }),
      redis,
      plainRosters: connect(DATABASES.plainRosters),
      bareRedis: connect(DATABASES.bare),

      async control(control: BackendControl): Promise<void> {
        await json(`${backendUrl}/control`, { method: 'POST', body: JSON.stringify(control) })
      },
      counts: () => json<BackendCounts>(`${backendUrl}/counts`),

      /** One more process, of the bare reads or the load. */
      async process(name: string, program: 'bare-read' | 'load', env: Record<string, string> = {}) {
        const child = await start(name, [built(program)], { ...env, BARE_REDIS_URL: urlOf(DATABASES.bare) })
        return { url: await urlOfChild(child), cpu: () => cpuOfProcess(child.pid) }
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const built = (program: string): string => join(repositoryRoot, `bench/dist/${program}.js`)

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

async function urlOfChild(child: Child): Promise<string> {
  const url = LISTENING.exec(await child.waitForLine(LISTENING))?.[1]
  if (url === undefined) throw new Error(`${child.name} does not say where it listens`)
  return url
}

/** The JSON of a 200; throws for anything else. */
export async function json<T>(url: string, init?: RequestInit): Promise<T> {
  const response = await fetch(url, init)
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 500)}`)
  return JSON.parse(text) as T
}
