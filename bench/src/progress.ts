export type Progress = (what: string, round: number, rounds: number) => void

/** One line that is written anew on a terminal; elsewhere one line per case. */
export function showProgress(stream: NodeJS.WriteStream = process.stdout): { progress: Progress; end(): void } {
  let last = ''
  return {
    progress(what, round, rounds) {
      if (stream.isTTY) stream.write(`\r\x1b[K▸ ${what}: round ${round} of ${rounds}`)
      else if (what !== last) stream.write(`▸ ${what}: ${rounds} ${rounds === 1 ? 'round' : 'rounds'}\n`)
      last = what
    },
    end() {
      if (stream.isTTY) stream.write('\r\x1b[K')
    },
  }
}
