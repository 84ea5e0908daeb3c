import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PartState } from './part.ts'
import { commandLineOf, isAlive, startTicksOf } from './process-identity.ts'

/** What `npm start` says about itself in its data directory, for a second shell, scripts and tests. */
export interface Running {
  readonly pid: number
  /** When that process was started; on Linux only. */
  readonly startTicks?: number | undefined
  readonly url: string
  /** Of the Redis that npm start started; a user's own may hold a password. */
  readonly redisUrl?: string
  readonly parts: readonly { readonly name: string; readonly pid?: number; readonly state: PartState }[]
}

const fileIn = (dataDirectory: string) => join(dataDirectory, 'running.json')

/** The npm start that uses this data directory now, if one does. */
export function readRunning(dataDirectory: string): Running | undefined {
  const running = parse(fileIn(dataDirectory))
  return running && isNpmStart(running) ? running : undefined
}

export function writeRunning(dataDirectory: string, running: Running): void {
  const file = fileIn(dataDirectory)
  writeFileSync(`${file}.new`, `${JSON.stringify(running, null, 2)}\n`)
  renameSync(`${file}.new`, file)
}

export function forgetRunning(dataDirectory: string): void {
  rmSync(fileIn(dataDirectory), { force: true })
}

// A file that is missing or was cut off names nobody.
function parse(file: string): Running | undefined {
  try {
    const running = JSON.parse(readFileSync(file, 'utf8')) as Running | null
    return Number.isInteger(running?.pid) && Array.isArray(running?.parts) ? (running as Running) : undefined
  } catch {
    return undefined
  }
}

// The file outlives a kill -9, and its pid may belong to somebody else by then, who must not be taken for us and killed.
function isNpmStart({ pid, startTicks }: Running): boolean {
  if (!isAlive(pid)) return false
  if (process.platform === 'linux') return startTicks !== undefined && startTicks === startTicksOf(pid)
  return commandLineOf(pid).includes('tools/start.mjs')
}
