import type { DestinationStream } from 'pino'
import sonicBoom from 'sonic-boom'

/** Bytes that wait in memory for a reader who stands still; what comes behind them is lost. */
const MOST_WAITING = 16 * 1024 * 1024

let output: DestinationStream | undefined

/**
 * Standard output of this process. Lines are written in the background: a reader who stands still keeps the process from no
 * work, and fills no memory; one who has gone does not keep it from its end.
 */
export function standardOutput(): DestinationStream {
  output ??= openOutput()
  return output
}

function openOutput(): DestinationStream {
  let isRead = true
  const stream = new sonicBoom.SonicBoom({ fd: 1, maxLength: MOST_WAITING })
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') isRead = false // nor will it be again; a full disk may have room again, and is tried anew
  })
  process.once('exit', () => {
    try {
      if (isRead) stream.flushSync()
    } catch {
      // nobody reads it
    }
  })
  return { write: (line) => void (isRead && stream.write(line)) }
}
