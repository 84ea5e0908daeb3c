import { mkdirSync } from 'node:fs'
import { relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ConfigError } from '@rollcall/runtime'
import colours from 'picocolors'
import { describeExit, type Exit } from './child.ts'
import { isPortFree } from './free-port.ts'
import { nextSteps, stopLine } from './next-steps.ts'
import type { Part } from './part.ts'
import { NoRedisError } from './redis-server.ts'
import { repositoryRoot } from './repository.ts'
import { forgetRunning, type Running, readRunning, writeRunning } from './running.ts'
import { parseStartFlags, readStartOptions, StartError, type StartOptions } from './start-options.ts'
import { makeParts, type Parts } from './start-parts.ts'

const WORKERS_READY_MS = 15_000
const STARTED_AGAIN_MS = 30_000
// Together less than the 5 s within which everything is gone.
const APPS_GRACE_MS = 2_500
const REDIS_GRACE_MS = 1_500

async function main(): Promise<void> {
  const { again, dataDirectory } = parseStartFlags(process.argv.slice(2), repositoryRoot)
  if (again) return askToStartAgain(dataDirectory)
  refuseSecondStart(dataDirectory)
  const options = await readStartOptions(dataDirectory, process.env, repositoryRoot)
  for (const warning of options.warnings) console.log(colours.yellow(`! ${warning}`))
  await refuseUsedPorts(options)
  await run(options)
}

async function run(options: StartOptions): Promise<void> {
  const started = performance.now()
  mkdirSync(options.dataDirectory, { recursive: true })
  const parts = makeParts(options, { onNote: showNote, onEnd: reportEnd })
  const tell = () => writeRunning(options.dataDirectory, describe(options, parts))

  let stopping = false
  const stop = (exitCode: number) => {
    // Asked twice: somebody is in a hurry.
    if (stopping) for (const each of parts.all) each.kill()
    if (stopping) return
    stopping = true
    process.exitCode = exitCode
    console.log(colours.dim('\nStopping …'))
    void stopAll(parts).then(() => {
      forgetRunning(options.dataDirectory)
      console.log(colours.dim(`Stopped. Data stays in ${relative(repositoryRoot, options.dataDirectory)}.`))
      process.exit()
    })
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(0))

  function reportEnd(ended: Part, exit: Exit): void {
    if (stopping) return
    tell()
    console.log(`${colours.red('✗')} ${ended.name} has ended (${describeExit(exit)}); the others go on.`)
    console.log(`  Start it again:  ${colours.bold(parts.againCommand)}`)
  }

  try {
    await startAll(parts)
    await untilWorkersAreSeen(options)
    tell()
    const summary = options.examplePort === undefined || options.tokens ? undefined : await refreshAFew(options)
    console.log(nextSteps(options, parts, { summary, ms: performance.now() - started }))
  } catch (error) {
    if (stopping) return
    showError(error)
    stop(1)
  }

  // Also when all parts have ended, which would leave nothing to wait for.
  setInterval(() => undefined, 60_000)
  process.on('SIGUSR2', () => {
    void startEndedParts(parts).finally(tell)
  })
}

async function startAll({ redis, apps }: Parts): Promise<void> {
  if (redis) await startOne(redis)
  await Promise.all(apps.map(startOne))
}

async function startOne(one: Part): Promise<void> {
  const ms = await one.start()
  console.log(`${colours.green('✓')} ${one.name} is ready, pid ${one.pid()} (${seconds(ms)})`)
}

async function startEndedParts({ all }: Parts): Promise<void> {
  for (const ended of all.filter((each) => each.state() === 'stopped')) {
    try {
      await startOne(ended)
      console.log(`  ${stopLine(ended)}`)
    } catch (error) {
      showError(error)
    }
  }
}

async function stopAll({ redis, apps }: Parts): Promise<void> {
  await Promise.all(apps.map((app) => app.stop(APPS_GRACE_MS)))
  await redis?.stop(REDIS_GRACE_MS)
}

// The api knows the workers by their heartbeats, and says so when it sees none.
async function untilWorkersAreSeen({ port }: StartOptions): Promise<void> {
  const deadline = Date.now() + WORKERS_READY_MS
  while (Date.now() < deadline) {
    const health = await fetch(`http://127.0.0.1:${port}/health/ready`).then((response) => response.text())
    if (!/no (live )?worker/i.test(health)) return
    await delay(50)
  }
  console.log(colours.yellow('! the api sees no live worker yet; refreshes wait until it does'))
}

async function refreshAFew({ port }: StartOptions): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/roster_admin/refresh`, {
    method: 'POST',
    body: '["john","aaron","mary"]',
  })
  return (await response.text()).trim()
}

function refuseSecondStart(dataDirectory: string): void {
  const running = readRunning(dataDirectory)
  if (!running) return
  throw new StartError(
    `npm start already runs here (pid ${running.pid}, ${running.url}). Stop it with:  kill ${running.pid}`,
  )
}

async function refuseUsedPorts({ port, examplePort }: StartOptions): Promise<void> {
  await refuseUsedPort('the api', 'PORT', port)
  if (examplePort !== undefined) await refuseUsedPort('the example', 'EXAMPLE_PORT', examplePort)
}

async function refuseUsedPort(what: string, variable: string, port: number): Promise<void> {
  if (await isPortFree(port)) return
  throw new StartError(
    `Port ${port}, meant for ${what}, is in use by another program. Stop that one` +
      `${process.platform === 'win32' ? '' : ` (lsof -i :${port} names it)`}, or take another port:  ${variable}=${port + 1} npm start`,
  )
}

async function askToStartAgain(dataDirectory: string): Promise<void> {
  const running = readRunning(dataDirectory)
  if (!running) throw new StartError('No npm start runs here. Start one with:  npm start')
  process.kill(running.pid, 'SIGUSR2')
  const deadline = Date.now() + STARTED_AGAIN_MS
  while (Date.now() < deadline) {
    const parts = readRunning(dataDirectory)?.parts ?? []
    if (parts.length > 0 && parts.every(({ state }) => state === 'ready')) {
      for (const { name, pid } of parts) console.log(`${colours.green('✓')} ${name} runs, pid ${pid}`)
      return
    }
    await delay(50)
  }
  throw new StartError('Not all parts are ready: the npm start in the other shell says why.')
}

const describe = ({ port }: StartOptions, { redis, redisUrl, all }: Parts): Running => ({
  pid: process.pid,
  url: `http://127.0.0.1:${port}`,
  ...(redis ? { redisUrl: redisUrl() } : {}),
  parts: all.map((each) => {
    const pid = each.pid()
    return { name: each.name, state: each.state(), ...(pid === undefined ? {} : { pid }) }
  }),
})

function showNote(from: string, { severity, text }: { severity: 'warning' | 'error'; text: string }): void {
  const paint = severity === 'error' ? colours.red : colours.yellow
  console.log(`${paint(`${from} │`)} ${text}`)
}

function showError(error: unknown): void {
  console.error(colours.red(error instanceof Error ? error.message : String(error)))
}

const isExpected = (error: unknown) => [StartError, ConfigError, NoRedisError].some((kind) => error instanceof kind)

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

try {
  await main()
} catch (error) {
  if (!isExpected(error)) throw error
  showError(error)
  process.exitCode = 1
}
