import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PartState } from './part.ts'

/** What `npm start` says about itself in its data directory, for a second shell, scripts and tests. */
export interface Running {
  readonly pid: number
  readonly url: string
  /** Of the Redis that npm start started; a user's own may hold a password. */
  readonly redisUrl?: string
  readonly parts: readonly { readonly name: string; readonly pid?: number; readonly state: PartState }[]
}

const fileIn = (dataDirectory: string) => join(dataDirectory, 'running.json')

/** The npm start that uses this data directory now, if one does. */
export function readRunning(dataDirectory: string): Running | undefined {
  const file = fileIn(dataDirectory)
  if (!existsSync(file)) return undefined
  const running = JSON.parse(readFileSync(file, 'utf8')) as Running
  return isNpmStart(running.pid) ? running : undefined
}

export function writeRunning(dataDirectory: string, running: Running): void {
  const file = fileIn(dataDirectory)
  writeFileSync(`${file}.new`, `${JSON.stringify(running, null, 2)}\n`)
  renameSync(`${file}.new`, file)
}

export function forgetRunning(dataDirectory: string): void {
  rmSync(fileIn(dataDirectory), { force: true })
}

// The file outlives a kill -9, and its pid may belong to somebody else by then.
function isNpmStart(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const commandLine = `/proc/${pid}/cmdline`
  return !existsSync(commandLine) || readFileSync(commandLine, 'utf8').includes('start')
}
