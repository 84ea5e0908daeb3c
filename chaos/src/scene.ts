import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, repositoryRoot, startChild } from '@rollcall/tools'
import { backendControl, LISTENING } from './backend-control.ts'
import { type OwnRedis, startOwnRedis } from './own-redis.ts'
import { type App, startApp } from './processes.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

export interface Settings {
  readonly refreshDeadlineMs: number
  readonly readDeadlineMs: number
  readonly jobLockMs: number
  readonly stallCheckMs: number
  readonly sweepIntervalMs: number
  readonly sweepGraceMs: number
  readonly backendTimeoutMs: number
}

export interface SceneOptions {
  /** Where the built apps are. */
  readonly root: string
  readonly settings: Settings
  readonly onEnd: (what: string) => void
}

export interface Api extends App {
  readonly url: string
}

export type Scene = Awaited<ReturnType<typeof startScene>>

/**
 * Everything that runs, each a process: Redis, the backend, two apis, two workers. The second api and the second worker
 * are behind cables that can be cut; the first ones are not, so that somebody goes on.
 */
export async function startScene({ root, settings, onEnd }: SceneOptions) {
  const stops: (() => unknown)[] = []
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end()
  }
  try {
    const directory = await temporaryDirectory()
    stops.push(() => rm(directory, { recursive: true, force: true }))
    const redis: OwnRedis = await startOwnRedis(directory, await freePort())
    stops.push(redis.stop)
    const backend = await startBackend(directory, stops)
    const cable = async (port: number): Promise<TcpProxy> => {
      const proxy = await startTcpProxy(port)
      stops.push(proxy.stop)
      return proxy
    }
    const cables = {
      apiToRedis: await cable(redis.port),
      workerToRedis: await cable(redis.port),
      workerToBackend: await cable(backend.port),
    }

    const start = async (app: 'api' | 'worker', at: number, env: Record<string, string>) => {
      const name = `${app} ${at + 1}`
      const started = await startApp({ app, name, root, directory, env: { ...common(settings), ...env }, onEnd })
      stops.push(started.stop)
      return started
    }
    const redisThrough = (proxy: TcpProxy | undefined) => redisUrl(proxy?.port ?? redis.port)
    const backendThrough = (proxy: TcpProxy | undefined) =>
      `http://127.0.0.1:${proxy?.port ?? backend.port}/contacts/%s`

    const startApi = async (at: number, proxy?: TcpProxy): Promise<Api> => {
      const port = await freePort()
      const env = { REDIS_URL: redisThrough(proxy), HTTP_ROSTER_URL: backendThrough(undefined), PORT: String(port) }
      return { ...(await start('api', at, env)), url: `http://127.0.0.1:${port}` }
    }
    const startWorker = (at: number, toRedis?: TcpProxy, toBackend?: TcpProxy) =>
      start('worker', at, { REDIS_URL: redisThrough(toRedis), HTTP_ROSTER_URL: backendThrough(toBackend) })

    const apis = [await startApi(0), await startApi(1, cables.apiToRedis)] as const
    const workers = [await startWorker(0), await startWorker(1, cables.workerToRedis, cables.workerToBackend)] as const
    return { redis, backend: backend.control, apis, workers, cables, settings, directory, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startBackend(directory: string, stops: (() => unknown)[]) {
  const child = await startChild({
    name: 'backend',
    command: process.execPath,
    args: [join(repositoryRoot, 'chaos/dist/backend.js')],
    cwd: directory,
    ownGroup: true,
  })
  stops.push(() => child.stop())
  const line = await child.waitForLine(new RegExp(LISTENING))
  const [port, controlPort] = line.slice(LISTENING.length).trim().split(' ').map(Number)
  return { port: port ?? 0, control: backendControl(`http://127.0.0.1:${controlPort}`) }
}

const redisUrl = (port: number): string => `redis://127.0.0.1:${port}`

const common = (settings: Settings): Record<string, string> => ({
  REFRESH_DEADLINE_MS: String(settings.refreshDeadlineMs),
  READ_DEADLINE_MS: String(settings.readDeadlineMs),
  JOB_LOCK_MS: String(settings.jobLockMs),
  STALL_CHECK_MS: String(settings.stallCheckMs),
  SWEEP_INTERVAL_MS: String(settings.sweepIntervalMs),
  SWEEP_GRACE_MS: String(settings.sweepGraceMs),
  BACKEND_TIMEOUT_MS: String(settings.backendTimeoutMs),
  LOG_LEVEL: 'info',
})

/** Where neither .env nor rollcall.config.json is. */
async function temporaryDirectory(): Promise<string> {
  const cache = join(repositoryRoot, '.cache')
  await mkdir(cache, { recursive: true })
  return mkdtemp(join(cache, 'chaos-'))
}
