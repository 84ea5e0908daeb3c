import type { Log } from '@rollcall/runtime'

/** BullMQ's words for: the lock of a job that runs here is gone, or another worker's. */
const LOST = /^(?:could not renew lock|Missing (?:key|lock)|Lock mismatch) for job ([^\s.]+)/

/** A stall hits all jobs of a worker at once, and each of them is reported two or three times. */
const GATHER_MS = 1_000
/** Longer than a job that has lost its lock still runs. */
const FORGET_MS = 60_000

/** Tells of the jobs that a worker lost, or found lost by another, in one line for all of them. */
export function jobLosses(log: Log) {
  const lost = gathered((jobs) =>
    log.warn(
      { jobs },
      'Jobs of this worker are no longer its own (it was silent for too long, or Redis lost its data); the latest fetch wins',
    ),
  )
  const found = gathered((jobs) => log.warn({ jobs }, 'Jobs whose worker was silent for too long are run again'))
  return {
    /** Whether an error says that a job was lost; it is told then. */
    explains(error: Error): boolean {
      const jobId = LOST.exec(error.message)?.[1]
      if (jobId === undefined) return false
      lost.add(jobId)
      return true
    },
    found: (jobId: string): void => found.add(jobId),
    close(): void {
      lost.close()
      found.close()
    },
  }
}

function gathered(tell: (jobs: number) => void) {
  const known = new Set<string>()
  let untold = 0
  let telling: NodeJS.Timeout | undefined
  let forgetting: NodeJS.Timeout | undefined
  const flush = (): void => {
    clearTimeout(telling)
    telling = undefined
    if (untold > 0) tell(untold)
    untold = 0
  }
  return {
    add(jobId: string): void {
      clearTimeout(forgetting)
      forgetting = setTimeout(() => known.clear(), FORGET_MS).unref()
      if (known.has(jobId)) return
      known.add(jobId)
      untold++
      telling ??= setTimeout(flush, GATHER_MS)
    },
    close(): void {
      flush()
      clearTimeout(forgetting)
    },
  }
}
