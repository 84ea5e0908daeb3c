// What every command does first: the right Node, the packages of the lockfile, a build that is no older than its
// sources. Plain JavaScript on Node's own modules, because it runs before anything is installed or built.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

const OLDEST_NODE = [20, 19]

export class StepError extends Error {
  name = 'StepError'
}

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return
  throw new StepError(
    `Rollcall needs Node ${OLDEST_NODE.join('.')} or newer. This is ${process.version}: https://nodejs.org`,
  )
}

/** Installs the lockfile's packages when other ones, or none, are installed. */
export async function install() {
  if (isInstalled()) return
  await step('packages (npm ci)', async () => {
    const npm = process.env.npm_execpath
    const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
    if (npm?.endsWith('.js')) await run(process.execPath, [npm, ...args], { ownGroup: true })
    else await run('npm', args, { shell: process.platform === 'win32', ownGroup: true })
  })
}

/** Builds all workspaces when a source has changed since the last build that went well. */
export async function build() {
  const sources = describeSources()
  const stamp = join(root, '.cache/built')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources && hasOutputs()) return
  await step('build', async () => {
    const turbo = join(root, 'node_modules/turbo/bin/turbo')
    const args = ['run', 'build', '--output-logs=errors-only', '--log-order=grouped']
    await runQuietly(process.execPath, [turbo, ...args], {
      env: { TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' },
      ownGroup: true,
    })
    mkdirSync(dirname(stamp), { recursive: true })
    writeFileSync(stamp, sources)
  })
}

/** What `npm start` and the like do first; ends the process with a message when it cannot. */
export async function prepare() {
  try {
    checkNode()
    await install()
    await build()
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    console.error(error.message)
    process.exit(1)
  }
}

/** Announces a step, and says afterwards how long it took. */
export async function step(name, work) {
  const started = performance.now()
  console.log(`▸ ${name} …`)
  try {
    const result = await work()
    console.log(`✓ ${name} (${seconds(started)})`)
    return result
  } catch (error) {
    console.log(`✗ ${name} (${seconds(started)})`)
    throw error
  }
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`

// Less than the 5 s within which everything is gone. npm would take half a minute to undo what it has begun; the next
// start repairs it as well.
const GROUP_GRACE_MS = 3_000
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/**
 * Runs a command in the repository with an empty stdin, showing what it writes. Rejects with StepError unless it ends
 * with 0. With `ownGroup` a signal that would end us ends the command first, with all that it has started.
 */
export function run(
  command,
  args,
  { env = {}, shell = false, stdio = ['ignore', 'inherit', 'inherit'], onOutput, ownGroup = false } = {},
) {
  const detached = ownGroup && process.platform !== 'win32'
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, shell, stdio, detached })
    const send = (signal) => (detached ? killGroup(child.pid, signal) : child.kill(signal))
    let ending
    const forward = (signal) => {
      // Asked twice: somebody is in a hurry.
      if (ending) return send('SIGKILL')
      ending = signal
      if (detached) console.log('\nStopping …')
      send(signal)
      if (detached) setTimeout(() => send('SIGKILL'), GROUP_GRACE_MS)
    }
    const signals = detached ? Object.keys(EXIT_CODES) : ['SIGTERM']
    for (const signal of signals) process.on(signal, forward)
    const orphaned = whenOrphaned(() => forward('SIGTERM'))
    child.stdout?.on('data', onOutput)
    child.stderr?.on('data', onOutput)
    child.once('error', (error) => reject(new StepError(`${command} cannot be started: ${error.message}`)))
    child.once('close', (code, signal) => {
      for (const each of signals) process.off(each, forward)
      clearInterval(orphaned)
      if (ending && detached) send('SIGKILL')
      if (ending) process.exit(EXIT_CODES[ending])
      if (code === 0) resolve()
      else reject(new StepError(`${describe(command, args)}: ${signal ?? `exit code ${code}`}`))
    })
  })
}

function killGroup(leader, signal) {
  try {
    process.kill(-leader, signal)
  } catch {
    // All of it has ended.
  }
}

/**
 * npm runs its scripts below a shell that passes no signal on: with `kill <npm>` the shell dies, and we would live on.
 * Nothing is watched when npm did not start us: a shell may well end before its background job.
 */
export function whenOrphaned(act) {
  if (!process.env.npm_lifecycle_event) return undefined
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    act()
  }, 250)
  return watch.unref()
}

const describe = (command, args) => {
  const shown = command === process.execPath ? [basename(args[0]), ...args.slice(1)] : [command, ...args]
  return shown.join(' ')
}

/** The same, but shows its output only when it fails. */
export async function runQuietly(command, args, options = {}) {
  const output = []
  const quiet = { ...options, stdio: ['ignore', 'pipe', 'pipe'], onOutput: (data) => output.push(data) }
  try {
    await run(command, args, quiet)
  } catch (error) {
    process.stdout.write(Buffer.concat(output))
    throw error
  }
}

// npm keeps a copy of the lockfile of what it installed. Packages for other platforms are rightly missing there.
function isInstalled() {
  const copy = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(copy)) return false
  const installed = packagesOf(copy)
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(([path, wanted]) => {
    const found = installed[path]
    if (path === '') return true
    if (!found) return wanted.optional === true
    return found.version === wanted.version && found.integrity === wanted.integrity && found.link === wanted.link
  })
}

const packagesOf = (lockfile) => JSON.parse(readFileSync(lockfile, 'utf8')).packages

const workspaces = () =>
  ['packages', 'apps', 'examples']
    .flatMap((group) => readdirSync(join(root, group)).map((name) => join(group, name)))
    .concat('tools', 'bench', 'chaos')
    .filter((workspace) => existsSync(join(root, workspace, 'package.json')))

const hasOutputs = () => workspaces().every((workspace) => existsSync(join(root, workspace, 'dist')))

/** Of a workspace: what is made from its sources. */
const NO_SOURCES = new Set(['dist', 'node_modules', '.turbo'])

// Names, times and sizes: reading them all takes milliseconds, and turbo, which looks closer, decides what to build.
function describeSources() {
  const files = ['tsconfig.base.json', 'turbo.json', 'package-lock.json']
  for (const workspace of workspaces()) {
    for (const entry of readdirSync(join(root, workspace), { withFileTypes: true })) {
      const path = join(workspace, entry.name)
      if (entry.isFile()) files.push(path)
      else if (!NO_SOURCES.has(entry.name)) files.push(...filesBelow(path))
    }
  }
  const hash = createHash('sha256')
  for (const file of files) {
    const { mtimeMs, size } = statSync(join(root, file))
    hash.update(`${file} ${mtimeMs} ${size}\n`)
  }
  return hash.digest('hex')
}

function filesBelow(directory) {
  return readdirSync(join(root, directory), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort()
}

/** Removes and makes again a directory of ours below `.cache`, and gives its absolute path. */
export function freshCacheDirectory(name) {
  const directory = join(root, '.cache', name)
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  return directory
}
