import { createWriteStream, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import type { Child, ChildOptions, Exit } from './child.ts'
import { noteworthy } from './log-line.ts'

export interface PartOptions {
  /** One word that people type and read: `backend`, `worker-1`. */
  readonly name: string
  /** Starts the process; called again when it is started again. */
  readonly launch: (output: PartOutput) => Promise<Child>
  /** Settles when it can be used; rejects when it ended or took too long. */
  readonly ready: (child: Child) => Promise<unknown>
  readonly logDirectory: string
  /** Called for what a person should see of its log. */
  readonly onNote: (part: string, note: { readonly severity: 'warning' | 'error'; readonly text: string }) => void
  /** Called when it ends although nobody asked us to stop it. */
  readonly onEnd: (part: Part, exit: Exit) => void
}

export type PartOutput = Required<Pick<ChildOptions, 'onLine'>>

export type PartState = 'stopped' | 'starting' | 'ready'

/** One process of `npm start`: can be started, can end by itself, can be started again. */
export interface Part {
  readonly name: string
  readonly logFile: string
  state(): PartState
  pid(): number | undefined
  /** Milliseconds until it was ready. */
  start(): Promise<number>
  stop(graceMs: number): Promise<void>
  kill(): void
}

const REPEAT_MS = 5_000

export function part({ name, launch, ready, logDirectory, onNote, onEnd }: PartOptions): Part {
  const logFile = join(logDirectory, `${name}.log`)
  const log: WriteStream = createWriteStream(logFile, { flags: 'a' })
  let child: Child | undefined
  let state: PartState = 'stopped'
  let stopping = false
  const isRepeated = repeats()

  const onLine = (line: string) => {
    log.write(`${line}\n`)
    const note = noteworthy(line)
    if (note && !stopping && !isRepeated(note.text)) onNote(name, note)
  }

  const self: Part = {
    name,
    logFile,
    state: () => state,
    pid: () => (state === 'stopped' ? undefined : child?.pid),
    async start() {
      const started = performance.now()
      state = 'starting'
      const starting = await launch({ onLine }).catch((error: unknown) => {
        state = 'stopped'
        throw error
      })
      child = starting
      void starting.exited.then((exit) => {
        const wasReady = state === 'ready'
        state = 'stopped'
        if (wasReady && !stopping) onEnd(self, exit)
      })
      try {
        await ready(starting)
      } catch (error) {
        await starting.stop()
        throw error
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
