import { ChildEndedError, describeExit } from './child.ts'
import { shortPath } from './repository.ts'

const SHOWN_LINES = 5

/** A part of `npm start` ended before it was ready, or took too long; names its log. */
export class PartFailedError extends Error {
  override readonly name = 'PartFailedError'
  /** `withLines` adds the last lines that are meant for people, when none of its log has been shown so far. */
  constructor(part: string, logFile: string, cause: unknown, { withLines }: { readonly withLines: boolean }) {
    const lines = withLines && cause instanceof ChildEndedError ? cause.lastLines.filter(isForPeople) : []
    super(
      [`${whatHappened(part, cause)}; its log is ${shortPath(logFile)}`, ...lines.slice(-SHOWN_LINES)].join('\n  '),
      { cause },
    )
  }
}

function whatHappened(part: string, cause: unknown): string {
  if (cause instanceof ChildEndedError) return `${part} ended (${describeExit(cause.exit)}) before it was ready`
  return cause instanceof Error ? cause.message : String(cause)
}

// The JSON lines of our own log are for programs.
const isForPeople = (line: string): boolean => line.trim() !== '' && !line.startsWith('{')
