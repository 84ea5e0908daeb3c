import { appArgs } from '@rollcall/tools'
import { Redis } from 'ioredis'
import type { BackendControl, BackendCounts } from '../backend.ts'
import { type Cpu, cpuOfProcess, cpuOfRedis } from '../cpu.ts'
import { built, launch, urlOfChild } from '../launch.ts'
import { json } from '../stack.ts'

/** How many processes of each kind, and how they are set up. */
export interface Layout {
  readonly apis: number
  readonly workers: number
  readonly shards: number
  /** Fetches of one worker at a time. */
  readonly concurrency: number
  /** Default true. */
  readonly appendOnly?: boolean
}

export type Deployment = Awaited<ReturnType<typeof startDeployment>>

/** Rollcall in several processes, with a Redis and a backend of its own. */
export function startDeployment(layout: Layout) {
  return launch(async (launcher) => {
    const { apis, workers, shards, concurrency, appendOnly = true } = layout
    const server = await launcher.redis({ appendOnly })
    const redis = new Redis(server.url)
    launcher.atEnd(async () => redis.disconnect())
    const backendUrl = await urlOfChild(await launcher.start('backend', [built('backend')]))
    const settings = {
      REDIS_URL: server.url,
      HTTP_ROSTER_URL: `${backendUrl}/contacts/%s`,
      PORT: '0',
      SHARDS: String(shards),
      WORKER_CONCURRENCY: String(concurrency),
      BACKEND_CONNECTIONS: String(concurrency),
      REFRESH_DEADLINE_MS: '600000',
      MAX_USERNAMES: '1000000',
      LOG_LEVEL: 'info',
    }
    const several = (app: 'api' | 'worker', count: number) =>
      Promise.all(Array.from({ length: count }, (_, i) => launcher.start(`${app} ${i + 1}`, appArgs(app), settings)))
    const apiProcesses = await several('api', apis)
    const workerProcesses = await several('worker', workers)
    await Promise.all(workerProcesses.map((worker) => worker.waitForLine(/Taking jobs/)))
    const sumOf = (processes: readonly { readonly pid: number }[]): number =>
      processes.reduce((sum, { pid }) => sum + cpuOfProcess(pid), 0)

    return {
      layout,
      redis,
      redisUrl: server.url,
      urls: await Promise.all(apiProcesses.map(urlOfChild)),
      apiPids: apiProcesses.map(({ pid }) => pid),

      cpu: async (): Promise<Cpu> => ({
        api: sumOf(apiProcesses),
        worker: sumOf(workerProcesses),
        redis: await cpuOfRedis(redis),
      }),

      /** Connections to Redis of one api and of one worker. */
      async connections(): Promise<{ api: number; worker: number }> {
        const names = String(await redis.client('LIST')).match(/(?<= name=)\S+/g) ?? []
        const ofApis = names.filter((name) => name.startsWith('rollcall-api')).length
        return { api: ofApis / apis, worker: (names.length - ofApis) / workers }
      },

      async control(control: BackendControl): Promise<void> {
        await json(`${backendUrl}/control`, { method: 'POST', body: JSON.stringify(control) })
      },
      counts: () => json<BackendCounts>(`${backendUrl}/counts`),

      /** The load of reads, as a process of its own. */
      load: async (): Promise<string> => urlOfChild(await launcher.start('load', [built('load')])),
    }
  })
}
