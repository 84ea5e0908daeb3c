import { createWriteStream, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { type Child, ChildEndedError, type ChildOptions, type Exit, type OutputStream } from './child.ts'
import { type LogLine, noteworthy } from './log-line.ts'
import { PartFailedError } from './part-failed-error.ts'

export interface PartOptions {
  /** One word that people type and read: `backend`, `worker-1`. */
  readonly name: string
  /** Starts the process; called again when it is started again. */
  readonly launch: (output: PartOutput) => Promise<Child>
  /** Settles when it can be used; rejects when it ended or took too long. */
  readonly ready: (child: Child) => Promise<unknown>
  readonly logDirectory: string
  /** Called for what a person should see of its log. */
  readonly onNote: (part: string, note: LogLine) => void
  /** Called when it ends although nobody asked us to stop it. */
  readonly onEnd: (part: Part, exit: Exit) => void
  /** Of a part that speaks to people: called for each line of its stdout. */
  readonly onSay?: (line: string) => void
}

export type PartOutput = Required<Pick<ChildOptions, 'onLine'>>

export type PartState = 'stopped' | 'starting' | 'ready'

/** One process of `npm start`: can be started, can end by itself, can be started again. */
export interface Part {
  readonly name: string
  readonly logFile: string
  state(): PartState
  pid(): number | undefined
  /** Milliseconds until it was ready. Rejects with PartFailedError when it does not get ready. */
  start(): Promise<number>
  /** For good: it is not started again. */
  stop(graceMs: number): Promise<void>
  kill(): void
}

const REPEAT_MS = 5_000

export function part({ name, launch, ready, logDirectory, onNote, onEnd, onSay }: PartOptions): Part {
  const logFile = join(logDirectory, `${name}.log`)
  const log: WriteStream = createWriteStream(logFile, { flags: 'a' })
  let child: Child | undefined
  let state: PartState = 'stopped'
  let stopping = false
  let saidSomething = false
  const isRepeated = repeats()

  const onLine = (line: string, from: OutputStream) => {
    log.write(`${line}\n`)
    if (from === 'stdout' && !stopping) onSay?.(line)
    const note = noteworthy(line, from)
    if (!note || stopping || isRepeated(note.text)) return
    saidSomething = true
    onNote(name, note)
  }

  async function launched(): Promise<Child> {
    const starting = await launch({ onLine })
    child = starting
    if (stopping) await starting.stop({ graceMs: 0 })
    void starting.exited.then((exit) => {
      const wasReady = state === 'ready'
      state = 'stopped'
      if (wasReady && !stopping) onEnd(self, exit)
    })
    return starting
  }

  const failure = (cause: unknown) => new PartFailedError(name, logFile, cause, { withLines: !saidSomething })

  const self: Part = {
    name,
    logFile,
    state: () => state,
    pid: () => (state === 'stopped' ? undefined : child?.pid),
    async start() {
      if (stopping) throw new Error(`${name} is not started: everything is being stopped`)
      const started = performance.now()
      state = 'starting'
      saidSomething = false
      const starting = await launched().catch((error: unknown) => {
        state = 'stopped'
        throw error instanceof ChildEndedError ? failure(error) : error
      })
      try {
        await ready(starting)
      } catch (error) {
        await starting.stop()
        throw failure(error)
      }
      state = starting.exit() ? 'stopped' : 'ready'
      return performance.now() - started
    },
    async stop(graceMs) {
      stopping = true
      await child?.stop({ graceMs })
      state = 'stopped'
    },
    kill: () => child?.kill('SIGKILL'),
  }
  return self
}

// A part that cannot reach Redis says so many times a second: once in a while is enough on a screen.
function repeats(): (text: string) => boolean {
  const last = new Map<string, number>()
  return (text) => {
    const now = Date.now()
    const before = last.get(text)
    if (before !== undefined && now - before < REPEAT_MS) return true
    if (last.size > 100) last.clear()
    last.set(text, now)
    return false
  }
}
