import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONFIG_ENVIRONMENT } from '@rollcall/runtime'
import { onTestFinished } from 'vitest'
import {
  type App,
  appArgs,
  type Child,
  type RedisServer,
  type RedisServerOptions,
  repositoryRoot,
  startChild,
  startRedisServer,
} from '../../tools/src/index.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A process of ours, with all that it has written. */
export interface AppProcess extends Child {
  /** Every line since its start. */
  readonly lines: readonly string[]
  /** The lines of its log whose message matches. */
  logged(message: RegExp): readonly LogEntry[]
}

export interface LogEntry {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

export interface ApiProcess extends AppProcess {
  readonly url: string
  /** POST /roster_admin/refresh; rejects when the connection breaks. */
  refresh(usernames: readonly string[]): Promise<Answer>
  get(path: string): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly headers: Headers
  /** Until the body was read. */
  readonly ms: number
}

/** The built `dist/main.js` of an app in a process of its own, which ends with the test. Whether it gets up is for the caller to see. */
export async function spawnApp(app: App, env: Environment): Promise<AppProcess> {
  const directory = await temporaryDirectory() // no .env and no rollcall.config.json are there
  const process = await spawnNode(app, appArgs(app), { ...nothingSet(), ...NOT_ASKED, ...env }, directory)
  onTestFinished(async () => {
    process.kill('SIGKILL') // how it ends is shown by tests that end it
    await process.exited
  })
  return process
}

/** A script of the repository in a process of its own, which ends with the test. */
export async function spawnNode(
  name: string,
  args: readonly string[],
  env: Environment,
  cwd = repositoryRoot,
): Promise<AppProcess> {
  const script = args.find((arg) => !arg.startsWith('-')) ?? ''
  if (!existsSync(script)) throw new Error(`${script} is not there: npm run build`)
  const lines: string[] = []
  const child = await startChild({
    name,
    command: process.execPath,
    args: ['--enable-source-maps', ...args],
    cwd,
    env,
    onLine: (line) => lines.push(line),
  })
  onTestFinished(async () => void (await child.stop()))
  return { ...child, lines, logged: (message) => lines.flatMap(parseEntry).filter(({ msg }) => message.test(msg)) }
}

/** An api on a free port, once it listens. */
export async function spawnApi(env: Environment): Promise<ApiProcess> {
  const api = await spawnApp('api', { PORT: '0', ...env })
  const line = await api.waitForLine(/"msg":"Listening on/)
  const url = String(parseEntry(line)[0]?.url)
  const ask = async (path: string, init?: RequestInit): Promise<Answer> => {
    const started = performance.now()
    const response = await fetch(url + path, { ...init, signal: AbortSignal.timeout(ANSWERED_MS) })
    const body = (await response.json()) as Record<string, unknown>
    return { status: response.status, body, headers: response.headers, ms: performance.now() - started }
  }
  return {
    ...api,
    url,
    refresh: (usernames) => ask('/roster_admin/refresh', { method: 'POST', body: JSON.stringify(usernames) }),
    get: (path) => ask(path),
  }
}

/** A worker, once it takes jobs. */
export async function spawnWorker(env: Environment): Promise<AppProcess> {
  const worker = await spawnApp('worker', env)
  await worker.waitForLine(/"msg":"Taking jobs"/)
  return worker
}

/** A Redis of the test alone, to be killed or misconfigured. With `port` and `directory`: the one of before, again. */
export async function ownRedis(options: Partial<RedisServerOptions> = {}): Promise<RedisServer> {
  const redis = await startRedisServer({ ...options, directory: options.directory ?? (await temporaryDirectory()) })
  onTestFinished(() => redis.stop())
  return redis
}

/** Gone when the test has ended. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-end-to-end-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** Whether a process is there. One that has ended and whose parent has not looked yet (a zombie) is not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const state = `/proc/${pid}/stat`
  return !existsSync(state) || !/^\d+ \(.*\) Z/.test(readFileSync(state, 'utf8'))
}

/** Longer than the deadline of a refresh: nobody waits without end. */
const ANSWERED_MS = 40_000

/** Nothing in front of them asks whether they are ready. */
const NOT_ASKED: Environment = { DRAIN_MS: '0' }

// What the shell of whoever runs the tests is set up for is nobody's business here.
const nothingSet = (): Environment => Object.fromEntries(CONFIG_ENVIRONMENT.map((name) => [name, undefined]))

function parseEntry(line: string): LogEntry[] {
  if (!line.startsWith('{')) return []
  const entry = JSON.parse(line) as LogEntry
  return [{ ...entry, msg: entry.msg ?? '' }]
}
