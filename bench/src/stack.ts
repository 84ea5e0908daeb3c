import { appArgs, type Child } from '@rollcall/tools'
import { Redis } from 'ioredis'
import type { BackendControl, BackendCounts } from './backend.ts'
import { type Cpu, cpuOfProcess, cpuOfRedis } from './cpu.ts'
import { built, launch, urlOfChild } from './launch.ts'

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

const DATABASES = { rollcall: 0, plainQueue: 1, plainRosters: 2, bare: 3 } as const

/** Both designs, one Redis and one backend, each a process. */
export function startStack({ concurrency, nodeArgs = () => [] }: StackOptions) {
  return launch(async (launcher) => {
    const server = await launcher.redis()
    const urlOf = (database: number): string => `${server.url}/${database}`
    const connect = (database: number): Redis => {
      const redis = new Redis(urlOf(database))
      launcher.atEnd(async () => redis.disconnect())
      return redis
    }
    const redis = connect(DATABASES.rollcall)
    const backend = await launcher.start('backend', [built('backend')])
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
    const api = await launcher.start('api', [...nodeArgs('api'), ...appArgs('api')], settings)
    const worker = await launcher.start('worker', [...nodeArgs('worker'), ...appArgs('worker')], settings)

    const plainSettings = {
      PLAIN_QUEUE_URL: urlOf(DATABASES.plainQueue),
      PLAIN_ROSTERS_URL: urlOf(DATABASES.plainRosters),
      PLAIN_BACKEND: backendUrl,
      PLAIN_CONCURRENCY: String(concurrency),
    }
    const plainApi = await launcher.start('plain api', [built('plain/api')], plainSettings)
    const plainWorker = await launcher.start('plain worker', [built('plain/worker')], plainSettings)
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
        const child = await launcher.start(name, [built(program)], { ...env, BARE_REDIS_URL: urlOf(DATABASES.bare) })
        return { url: await urlOfChild(child), cpu: () => cpuOfProcess(child.pid) }
      },
    }
  })
}

/** The JSON of a 200; throws for anything else. */
export async function json<T>(url: string, init?: RequestInit): Promise<T> {
  const response = await fetch(url, init)
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 500)}`)
  return JSON.parse(text) as T
}
