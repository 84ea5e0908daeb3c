import type { Checker } from './checker.ts'

export interface Progress {
  say(what: string): void
  injecting(fault: string, count: number, at: { elapsed: number; until: number; checker: Checker }): void
  end(): void
}

/** One line that is written anew on a terminal; elsewhere a line per fault. */
export function showProgress(stream: NodeJS.WriteStream = process.stdout): Progress {
  const show = (line: string): void =>
    void stream.write(stream.isTTY ? `\r\x1b[K▸ ${line}`.slice(0, stream.columns + 4) : `▸ ${line}\n`)
  return {
    say: show,
    injecting(fault, count, { elapsed, until, checker }) {
      const left = Math.max(0, Math.round((until - elapsed) / 1000))
      const seen = `${checker.answers().toLocaleString('en')} answers, ${checker.violations.length} violations`
      show(`${(elapsed / 1000).toFixed(0)} s, ${left} s left: ${seen}; fault ${count}: ${fault}`)
    },
    end: () => void (stream.isTTY && stream.write('\r\x1b[K')),
  }
}

export const SILENT: Progress = { say() {}, injecting() {}, end() {} }
