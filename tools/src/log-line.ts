import type { OutputStream } from './child.ts'

const WARN = 40

const LABELS: Readonly<Record<string, number>> = { trace: 10, debug: 20, info: 30, warn: WARN, error: 50, fatal: 60 }

export interface LogLine {
  readonly severity: 'warning' | 'error'
  readonly text: string
}

/**
 * What a person should see of a line that an app wrote: the warnings and errors of its pino log in short, and of stderr
 * what is no log line as it is (a crash before the log is up), without the frames of the stack. Undefined: not worth
 * showing.
 */
export function noteworthy(line: string, from: OutputStream): LogLine | undefined {
  const entry = parseEntry(line)
  if (!entry) return from === 'stderr' && !isNoise(line) ? { severity: 'error', text: line } : undefined
  const level = typeof entry.level === 'number' ? entry.level : (LABELS[String(entry.level)] ?? 0)
  if (level < WARN) return undefined
  const message = [entry.msg, errorMessage(entry)].filter((part) => typeof part === 'string' && part !== '')
  return { severity: level === WARN ? 'warning' : 'error', text: [...new Set(message)].join(': ') }
}

// Empty, a frame of a stack, or what BullMQ writes about the policy of Redis, which the log says, too.
const isNoise = (line: string): boolean => /^\s*$|^\s+at |^IMPORTANT! Eviction policy/.test(line)

function errorMessage(entry: Readonly<Record<string, unknown>>): unknown {
  const error = entry.err ?? entry.error ?? entry.reason
  return typeof error === 'object' && error !== null && 'message' in error ? error.message : error
}

function parseEntry(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const entry: unknown = JSON.parse(line)
    return typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
