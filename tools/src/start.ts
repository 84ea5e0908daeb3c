import { mkdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { ConfigError, RedisUnusableError } from '@rollcall/runtime'
import colours from 'picocolors'
import { describeExit, type Exit } from './child.ts'
import type { LogLine } from './log-line.ts'
import { nextSteps, stopLine } from './next-steps.ts'
import { tryOwnRedis } from './own-redis.ts'
import type { Part } from './part.ts'
import { startTicksOf } from './process-identity.ts'
import { NoProsodyError } from './prosody-server.ts'
import { NoRedisError } from './redis-server.ts'
import { repositoryRoot, shortPath } from './repository.ts'
import { forgetRunning, type Running, readRunning, writeRunning } from './running.ts'
import { parseStartFlags, readStartOptions, StartError, type StartOptions } from './start-options.ts'
import { makeParts, type Parts } from './start-parts.ts'
import { untilTargetsSettle } from './target-settled.ts'
import { localhostDoubts, refuseUsedPorts } from './used-ports.ts'

const STARTED_AGAIN_MS = 30_000
// Together less than the 5 s within which everything is gone.
const APPS_GRACE_MS = 2_500
const SERVERS_GRACE_MS = 1_500

async function main(): Promise<void> {
  const flags = parseStartFlags(process.argv.slice(2), repositoryRoot)
  if (flags.again) return askToStartAgain(flags.dataDirectory)
  refuseSecondStart(flags.dataDirectory)
  const options = await readStartOptions(flags, process.env, repositoryRoot)
  await refuseUsedPorts(options)
  const warnings = [...options.warnings, ...(await localhostDoubts(options)), ...(await tryOwnRedis(options))]
  for (const warning of warnings) console.log(colours.yellow(`! ${warning}`))
  await run(options, new Set(warnings))
}

async function run(options: StartOptions, alreadySaid: ReadonlySet<string>): Promise<void> {
  mkdirSync(options.dataDirectory, { recursive: true })
  const parts = makeParts(options, { onNote: showNote, onEnd: reportEnd, onClient: showClient })
  const tell = () => writeRunning(options.dataDirectory, describe(options, parts))

  let stopping = false
  const stop = (exitCode: number) => {
    // Asked twice: somebody is in a hurry.
    if (stopping) for (const each of parts.all) each.kill()
    if (stopping) return
    stopping = true
    process.exitCode = exitCode
    const something = parts.all.some((each) => each.pid() !== undefined)
    if (something) console.log(colours.dim('\nStopping …'))
    void stopAll(parts).then(() => {
      forgetRunning(options.dataDirectory)
      if (something) console.log(colours.dim(stoppedLine(parts)))
      process.exit()
    })
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(0))
  // What --again sends.
  process.on('SIGUSR2', () => {
    void startEndedParts(parts).finally(tell)
  })

  function reportEnd(ended: Part, exit: Exit): void {
    if (stopping) return
    tell()
    console.log(`${colours.red('✗')} ${ended.name} has ended (${describeExit(exit)}); the others go on.`)
    console.log(`  Start it again:  ${colours.bold(parts.againCommand)}`)
  }

  // Each process finds the same doubts in its configuration, and they have been told.
  function showNote(from: string, { severity, text }: LogLine): void {
    if (alreadySaid.has(text)) return
    const paint = severity === 'error' ? colours.red : colours.yellow
    console.log(`${paint(`${from} │`)} ${text}`)
  }

  function showClient(line: string): void {
    console.log(colours.cyan(line))
  }

  try {
    await startAll(parts)
    tell()
    const refreshed = await refreshAFew(options)
    await startClients(options, parts)
    tell()
    if (stopping) return
    // The clock of this process began with the command, before packages and build.
    console.log(nextSteps(options, parts, { refreshed, ms: performance.now() }))
  } catch (error) {
    if (stopping) return
    showError(error)
    stop(1)
  }

  // Also when all parts have ended, which would leave nothing to wait for.
  setInterval(() => undefined, 60_000)
}

async function startAll({ servers, apps, gateway, makeAccounts }: Parts): Promise<void> {
  await Promise.all(servers.map(startOne))
  await Promise.all(apps.map(startOne))
  await makeAccounts()
  if (gateway) await startOne(gateway)
}

async function startClients({ gateway }: StartOptions, { clients }: Parts): Promise<void> {
  if (clients.length === 0 || !gateway) return
  await untilTargetsSettle(gateway.url)
  await Promise.all(clients.map(startOne))
}

async function startOne(one: Part): Promise<void> {
  const ms = await one.start()
  console.log(`${colours.green('✓')} ${one.name} is ready, pid ${one.pid()} (${(ms / 1000).toFixed(1)} s)`)
}

async function startEndedParts({ all }: Parts): Promise<void> {
  for (const ended of all.filter((each) => each.state() === 'stopped')) {
    try {
      await startOne(ended)
      console.log(`  To stop it:  ${stopLine(ended)}`)
    } catch (error) {
      showError(error)
    }
  }
}

async function stopAll({ servers, all }: Parts): Promise<void> {
  const others = all.filter((each) => !servers.includes(each))
  await Promise.all(others.map((each) => each.stop(APPS_GRACE_MS)))
  await Promise.all(servers.map((server) => server.stop(SERVERS_GRACE_MS)))
}

const stoppedLine = ({ redis, redisDirectory }: Parts): string =>
  redis ? `Stopped. Data stays in ${shortPath(redisDirectory)}.` : 'Stopped.'

/** Of the example's users, so that there is something to read; undefined when that is not for us to do. */
async function refreshAFew({ api, example, tokens }: StartOptions): Promise<string | undefined> {
  if (!example || (tokens && !example.token)) return undefined
  const response = await fetch(`${api.url}/roster_admin/refresh`, {
    method: 'POST',
    headers: tokens ? { Authorization: `Bearer ${example.token}` } : {},
    body: '["john","aaron","mary"]',
  })
  const answer = (await response.text()).trim()
  return response.status === 200
    ? `Refreshed john, aaron and mary: ${answer}`
    : `A refresh of john, aaron and mary was answered with ${response.status}: ${answer}`
}

function refuseSecondStart(dataDirectory: string): void {
  const running = readRunning(dataDirectory)
  if (!running) return
  throw new StartError(
    `npm start already runs here (pid ${running.pid}, ${running.url}). Stop it with:  kill ${running.pid}`,
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

const describe = ({ api }: StartOptions, { redis, redisUrl, all }: Parts): Running => ({
  pid: process.pid,
  startTicks: startTicksOf(process.pid),
  url: api.url,
  ...(redis ? { redisUrl: redisUrl() } : {}),
  parts: all.map((each) => {
    const pid = each.pid()
    return { name: each.name, state: each.state(), ...(pid === undefined ? {} : { pid }) }
  }),
})

function showError(error: unknown): void {
  console.error(colours.red(error instanceof Error ? error.message : String(error)))
}

const isExpected = (error: unknown) =>
  [StartError, ConfigError, NoRedisError, NoProsodyError, RedisUnusableError].some((kind) => error instanceof kind)

try {
  await main()
} catch (error) {
  if (!isExpected(error)) throw error
  showError(error)
  process.exitCode = 1
}
