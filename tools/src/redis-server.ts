import { existsSync, realpathSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type Child, ChildEndedError, type ChildOptions, findOnPath, startChild } from './child.ts'
import { bringDebianPackages, hasDebianPackages } from './debian-packages.ts'
import { freePort } from './free-port.ts'
import { commandLineOf, isAlive, workingDirectoryOf } from './process-identity.ts'

export interface RedisProgram {
  readonly command: string
  readonly env: Readonly<Record<string, string>>
}

export interface RedisServerOptions {
  /** Default: a free one. */
  readonly port?: number
  /** Of its own: data, pidfile. Made when it is not there. */
  readonly directory: string
  /** Default true, with `appendfsync everysec`. */
  readonly appendOnly?: boolean
  /** Further arguments of redis-server, after ours: `['--requirepass', 'x']`. */
  readonly args?: readonly string[]
  readonly ownGroup?: boolean
  /** A file that must not grow (RLIMIT_FSIZE) is an error for it then, as a full disk is, and not its end. */
  readonly survivesFileLimit?: boolean
  readonly onLine?: ChildOptions['onLine']
  /** Told when Redis has to be brought first, which takes some seconds and the network. */
  readonly onBringing?: () => void
}

export interface RedisServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly child: Child
  /** SIGTERM (it writes its AOF out first), SIGKILL after 5 s. */
  stop(): Promise<void>
}

// redis-server and what it needs that a minimal Debian or Ubuntu lacks.
const REDIS_PACKAGES = [
  'redis-server',
  'redis-tools',
  'liblua5.1-0',
  'libjemalloc2',
  'liblzf1',
  'lua-cjson',
  'lua-bitop',
  'libatomic1',
]

const READY_MS = 20_000
const PORT_ATTEMPTS = 5

export class NoRedisError extends Error {
  override readonly name = 'NoRedisError'
  constructor(cause?: unknown) {
    const why = cause instanceof Error ? `\nBringing it without root failed: ${cause.message.trim()}` : ''
    super(`No Redis here: redis-server and valkey-server are not on PATH.${why}\nInstall it with:  ${installLine()}`, {
      cause,
    })
  }
}

/**
 * redis-server or valkey-server of PATH; else Debian's, unpacked without root into `.cache/redis`.
 * Throws NoRedisError, which says what to type.
 */
export async function findRedisServer({
  onBringing,
}: Pick<RedisServerOptions, 'onBringing'> = {}): Promise<RedisProgram> {
  const command = findOnPath('redis-server') ?? findOnPath('valkey-server')
  if (command) return { command, env: {} }
  if (!hasDebianPackages()) throw new NoRedisError()
  try {
    const { root, libraryPath } = await bringDebianPackages('redis', REDIS_PACKAGES, onBringing)
    return { command: join(root, 'usr/bin/redis-server'), env: { LD_LIBRARY_PATH: libraryPath } }
  } catch (cause) {
    throw new NoRedisError(cause)
  }
}

/** A Redis on 127.0.0.1 that never evicts, ready for commands (its data loaded) when the promise settles. */
export async function startRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  const program = await findRedisServer(options)
  await mkdir(options.directory, { recursive: true })
  await refuseSharedDirectory(options.directory)
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort())
    const child = await spawnRedis(program, port, options)
    try {
      await untilReady(child, port)
      const stop = async () => void (await child.stop())
      return { url: `redis://127.0.0.1:${port}`, port, pid: child.pid, child, stop }
    } catch (error) {
      await child.stop()
      const lostTheRace = error instanceof ChildEndedError && /address already in use/i.test(error.message)
      if (!lostTheRace || options.port !== undefined || attempt === PORT_ATTEMPTS) throw error
    }
  }
}

function spawnRedis(program: RedisProgram, port: number, options: RedisServerOptions): Promise<Child> {
  const { directory, appendOnly = true, args = [], ownGroup = false, survivesFileLimit = false, onLine } = options
  const flags = {
    port,
    bind: '127.0.0.1',
    dir: directory,
    pidfile: pidfileOf(directory),
    daemonize: 'no',
    'maxmemory-policy': 'noeviction',
    appendonly: appendOnly ? 'yes' : 'no',
    appendfsync: 'everysec',
    save: '',
  }
  const command = [
    program.command,
    ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]),
    ...args,
  ]
  const [file = '', ...fileArgs] = survivesFileLimit ? ['sh', '-c', IGNORING_XFSZ, ...command] : command
  return startChild({
    name: `Redis on port ${port}`,
    command: file,
    args: fileArgs,
    env: program.env,
    ownGroup,
    ...(onLine ? { onLine } : {}),
  })
}

/** The process keeps its id. */
const IGNORING_XFSZ = `trap '' XFSZ; exec "$0" "$@"`

const pidfileOf = (directory: string) => join(directory, 'redis.pid')

// Two servers on one directory would write into each other's append-only file.
async function refuseSharedDirectory(directory: string): Promise<void> {
  const pidfile = pidfileOf(directory)
  if (!existsSync(pidfile)) return
  const pid = Number((await readFile(pidfile, 'utf8')).trim())
  if (isRedisOf(directory, pid)) {
    throw new Error(`A Redis (pid ${pid}) still uses ${directory}. Stop it with:  kill ${pid}`)
  }
}

// The pidfile outlives a kill -9. Redis works in its directory, so another one is not taken for it.
function isRedisOf(directory: string, pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return false
  if (process.platform === 'linux') return workingDirectoryOf(pid) === realpathSync(directory)
  return /redis-server|valkey-server/.test(commandLineOf(pid))
}

async function untilReady(child: Child, port: number): Promise<void> {
  const deadline = Date.now() + READY_MS
  while (!(await answersPing(port))) {
    const exit = child.exit()
    if (exit) throw new ChildEndedError(child.name, exit, child.lastLines())
    if (Date.now() > deadline) throw new Error(`${child.name} was not ready within ${READY_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  // Another server may have taken the port before ours did: that one answered, ours is about to end.
  await Promise.race([child.exited, child.waitForLine(/ready to accept connections/i, READY_MS)])
  const exit = child.exit()
  if (exit) throw new ChildEndedError(child.name, exit, child.lastLines())
}

// While Redis loads its data it answers -LOADING. With a password it answers -NOAUTH, and is ready.
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('PING\r\n'))
    const answer = (ready: boolean) => {
      socket.destroy()
      resolve(ready)
    }
    socket.setTimeout(1_000, () => answer(false))
    socket.once('error', () => answer(false))
    socket.once('data', (data) => answer(/^(\+PONG|-NOAUTH)/.test(data.toString())))
  })
}

function installLine(): string {
  if (process.platform === 'darwin') return 'brew install redis'
  if (findOnPath('apt-get')) return 'sudo apt-get install redis-server'
  if (findOnPath('dnf')) return 'sudo dnf install redis'
  if (findOnPath('apk')) return 'sudo apk add redis'
  if (findOnPath('pacman')) return 'sudo pacman -S redis'
  // On loopback only, since it has no password.
  return 'docker run -d -p 127.0.0.1:6380:6379 redis:7\nand start again with:  REDIS_URL=redis://127.0.0.1:6380 npm start'
}
