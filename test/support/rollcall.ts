import { readFileSync } from 'node:fs'
import { type Config, createLog, loadConfig, type Tracing } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeEach } from 'vitest'
import { type RunningApi, startApi } from '../../apps/api/src/api.ts'
import { type RunningGateway, startGateway } from '../../apps/gateway/src/gateway.ts'
import { type RunningWorker, startWorker } from '../../apps/worker/src/worker.ts'
import { type BackendOptions, startBackend, type TestBackend } from './backend.ts'
import { freshRedisUrl } from './fresh-redis.ts'
import { type Answer, type SendOptions, send } from './http.ts'

export interface Rollcall {
  readonly config: Config
  readonly redisUrl: string
  readonly api: RunningApi
  /** More api replicas or workers of the same Rollcall; `env` on top of what it was started with. */
  startApi(env?: Record<string, string>): Promise<RunningApi>
  startWorker(env?: Record<string, string>): Promise<RunningWorker>
  startGateway(env?: Record<string, string>): Promise<RunningGateway>
  /** POST /roster_admin/refresh; a string or bytes are sent as they are. */
  refresh(
    body: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }>
  /** A request to the first api, sent just as it is told. */
  send(path: string, options?: SendOptions): Promise<Answer>
  stop(): Promise<void>
}

export interface RollcallOptions {
  /** Template of the backend. */
  readonly rosterUrl: string
  readonly workers?: number
  /** Settings by their environment names. */
  readonly env?: Record<string, string>
  /** What rollcall.config.json says. */
  readonly file?: object
  readonly redisUrl?: string
  readonly tracing?: Tracing | undefined
  /** Where the built dashboard is; default: nowhere. */
  readonly dashboardDirectory?: string
}

export interface RollcallOfFile {
  readonly backend: TestBackend
  readonly rollcall: Rollcall
  readonly redis: Redis
}

/**
 * A backend, a Rollcall that asks it, and a connection to its Redis, for all tests of a file. After each of them the backend
 * gives good answers again.
 */
export async function rollcallOfFile(
  options: Omit<RollcallOptions, 'rosterUrl'> & { readonly backend?: BackendOptions } = {},
): Promise<RollcallOfFile> {
  const backend = await startBackend(options.backend)
  const rollcall = await startRollcall({ rosterUrl: backend.template, ...options })
  const redis = new Redis(rollcall.redisUrl)
  afterEach(() => backend.unset())
  afterAll(async () => {
    redis.disconnect()
    await rollcall.stop()
    await backend.close()
  })
  return { backend, rollcall, redis }
}

/** A backend for each test of a file, and the Rollcall that the test starts, which asks it. */
export function rollcallOfTest() {
  let backend: TestBackend
  let rollcall: Rollcall | undefined
  beforeEach(async () => {
    backend = await startBackend()
  })
  afterEach(async () => {
    await rollcall?.stop()
    rollcall = undefined
    await backend.close()
  })
  return {
    get backend() {
      return backend
    },
    get rollcall() {
      if (!rollcall) throw new Error('The test has not started one')
      return rollcall
    },
    async start(options: Partial<RollcallOptions> = {}): Promise<void> {
      rollcall = await startRollcall({ rosterUrl: backend.template, ...options })
    },
  }
}

/**
 * For tests that count jobs or requests: who waits for a second, as on a slow machine, asks again for a user who goes before
 * others, and when he is fetched just then, that is another job.
 */
export const ASKED_ONCE = { RECHECK_INTERVAL_MS: '3600000' }

/** Two domains with one backend, as rollcall.config.json has them; who names none means the one given. */
export const twoDomains = (defaultDomain: 'one.example' | 'two.example') => ({
  domains: { 'one.example': {}, 'two.example': {} },
  defaultDomain,
})

/** A test that is about a deadline sets it: in all others nobody is answered before what was asked for is done, however slowly. */
const PATIENT = { REFRESH_DEADLINE_MS: '100000', READ_DEADLINE_MS: '60000', REDIS_TIMEOUT_MS: '10000' }

/** One api and a worker in this process, on a Redis database of their own and a free port. */
export async function startRollcall({
  rosterUrl,
  workers = 1,
  env = {},
  file,
  redisUrl,
  tracing,
  dashboardDirectory,
}: RollcallOptions): Promise<Rollcall> {
  const redis = redisUrl ?? (await freshRedisUrl())
  const log = createLog({ level: process.env.TEST_LOG_LEVEL ?? 'silent', name: 'test' })
  const configOf = (more: Record<string, string> = {}): Config =>
    loadConfig({
      env: {
        REDIS_URL: redis,
        PORT: '0',
        DRAIN_MS: '0',
        HTTP_ROSTER_URL: rosterUrl,
        ...PATIENT,
        ...env,
        ...more,
      },
      cwd: '/',
      readFile: (path) => {
        if (path.endsWith('rollcall.config.json')) return file ? JSON.stringify(file) : null
        return path.endsWith('.env') ? null : readFileSync(path, 'utf8')
      },
    })
  const running: { stop(): Promise<void> }[] = []
  const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
    let stopped: Promise<void> | undefined
    const kept: T = {
      ...one,
      stop() {
        stopped ??= one.stop()
        return stopped
      },
    }
    running.push(kept)
    return kept
  }
  const surroundings = { dashboardDirectory: dashboardDirectory ?? null, tracing }
  const config = configOf()
  const api = keep(await startApi(config, log, surroundings))
  for (let i = 0; i < workers; i++) keep(await startWorker(config, log, tracing))
  return {
    config,
    redisUrl: redis,
    api,
    startApi: async (more) => keep(await startApi(configOf(more), log, surroundings)),
    startWorker: async (more) => keep(await startWorker(configOf(more), log, tracing)),
    startGateway: async (more) => keep(await startGateway(configOf({ GATEWAY_PORT: '0', ...more }), log)),
    async refresh(body, headers = {}) {
      const raw = typeof body === 'string' || body instanceof Uint8Array
      const response = await fetch(`${api.url}/roster_admin/refresh`, {
        method: 'POST',
        body: raw ? (body as string) : JSON.stringify(body),
        headers,
      })
      return {
        status: response.status,
        body: (await response.json()) as Record<string, unknown>,
        headers: response.headers,
      }
    },
    send: (path, options) => send(api.url + path, options),
    async stop() {
      await Promise.all(running.map((one) => one.stop()))
    },
  }
}
