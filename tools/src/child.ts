import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { createInterface } from 'node:readline'

export interface ChildOptions {
  /** How messages and errors call it: `worker 1`. */
  readonly name: string
  readonly command: string
  readonly args?: readonly string[]
  readonly cwd?: string
  /** Added to the environment of this process; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Each line of stdout and stderr, without its end. */
  readonly onLine?: (line: string, from: OutputStream) => void
  /** Own process group, so that Ctrl-C in a terminal reaches only us and we decide the order. Default false. */
  readonly ownGroup?: boolean
}

export type OutputStream = 'stdout' | 'stderr'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Child {
  readonly name: string
  readonly pid: number
  /** Settles when the process has ended and its output is read; never rejects. */
  readonly exited: Promise<Exit>
  exit(): Exit | undefined
  /** The last lines it wrote, oldest first (at most 200). */
  lastLines(): readonly string[]
  /** The first line that matches, also among the last 200 already written. Rejects at the deadline or when the process ends. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<string>
  /** Until a GET answers with a status that `accept` likes (default: any 2xx). Rejects at the deadline or when the process ends. */
  waitForUrl(url: string, options?: WaitForUrlOptions): Promise<Response>
  kill(signal: NodeJS.Signals): void
  /** SIGTERM, and SIGKILL after `graceMs` (default 5,000); settles when it is gone. Harmless when it is gone already. */
  stop(options?: { readonly graceMs?: number }): Promise<Exit>
}

export interface WaitForUrlOptions {
  readonly timeoutMs?: number
  readonly accept?: (response: Response) => boolean | Promise<boolean>
}

export class ChildEndedError extends Error {
  override readonly name = 'ChildEndedError'
  readonly exit: Exit
  readonly lastLines: readonly string[]
  constructor(child: string, exit: Exit, lastLines: readonly string[]) {
    super([`${child} ended (${describeExit(exit)})`, ...lastLines.slice(-20)].join('\n  '))
    this.exit = exit
    this.lastLines = lastLines
  }
}

const KEPT_LINES = 200
const DEFAULT_TIMEOUT_MS = 30_000
const POLL_MS = 25

/** Starts a process whose stdin is empty. Rejects when the command cannot be started. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const { name, onLine } = options
  if (!isThere(options.command)) throw new Error(`${name} cannot be started: there is no ${options.command}`)
  const [command, args] = endingWithParent(options.command, options.args ?? [])
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: options.ownGroup ?? false,
  })
  const pid = await spawned(child, name)

  const lines: string[] = []
  const output = new EventEmitter<{ line: [string] }>().setMaxListeners(0)
  for (const from of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[from] }).on('line', (line) => {
      lines.push(line)
      if (lines.length > KEPT_LINES) lines.shift()
      onLine?.(line, from)
      output.emit('line', line)
    })
  }

  let exit: Exit | undefined
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      exit = { code, signal }
      resolve(exit)
    })
  })

  async function waitForLine(pattern: RegExp, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<string> {
    const earlier = lines.find((line) => pattern.test(line))
    if (earlier !== undefined) return earlier
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(deadline)
        output.off('line', look)
        act()
      }
      const look = (line: string) => {
        if (pattern.test(line)) settle(() => resolve(line))
      }
      const deadline = setTimeout(
        () => settle(() => reject(new Error(`${name} wrote no line like ${pattern} within ${timeoutMs} ms`))),
        timeoutMs,
      )
      output.on('line', look)
      void exited.then((how) => settle(() => reject(new ChildEndedError(name, how, lines))))
    })
  }

  async function waitForUrl(url: string, { timeoutMs = DEFAULT_TIMEOUT_MS, accept = isOk }: WaitForUrlOptions = {}) {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      if (exit) throw new ChildEndedError(name, exit, lines)
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
        if (await accept(response)) return response
      } catch {
        // Not listening yet.
      }
      if (Date.now() > deadline) throw new Error(`${name} did not answer ${url} as expected within ${timeoutMs} ms`)
      await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, POLL_MS))])
    }
  }

  async function stop({ graceMs = 5_000 }: { readonly graceMs?: number } = {}): Promise<Exit> {
    if (exit) return exit
    child.kill('SIGTERM')
    const force = setTimeout(() => child.kill('SIGKILL'), graceMs)
    const how = await exited
    clearTimeout(force)
    return how
  }

  return {
    name,
    pid,
    exited,
    exit: () => exit,
    lastLines: () => [...lines],
    waitForLine,
    waitForUrl,
    kill: (signal) => void child.kill(signal),
    stop,
  }
}

export function describeExit({ code, signal }: Exit): string {
  return signal ? `signal ${signal}` : `exit code ${code}`
}

/** Where a program stands on PATH, or undefined. */
export function findOnPath(program: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((directory) => join(directory, program))
    .find((file) => existsSync(file))
}

const isThere = (command: string) => (isAbsolute(command) ? existsSync(command) : findOnPath(command) !== undefined)

// So that nothing lingers when this process is killed with SIGKILL and cannot stop its children. setpriv replaces
// itself by the command: the pid is the command's own.
function endingWithParent(command: string, args: readonly string[]): [string, readonly string[]] {
  const setpriv = process.platform === 'linux' ? findOnPath('setpriv') : undefined
  return setpriv ? [setpriv, ['--pdeathsig', 'TERM', command, ...args]] : [command, args]
}

function spawned(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new Error(`${name} cannot be started: ${cause.message}`, { cause })))
    child.once('spawn', () => {
      if (child.pid !== undefined) resolve(child.pid)
    })
  })
}

const isOk = (response: Response): boolean => response.ok
