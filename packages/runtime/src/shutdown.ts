import type { Log } from './log/index.ts'

/** One step of a shutdown; what it is called goes into the log when it does not end. */
export interface ShutdownStep {
  readonly name: string
  readonly run: () => Promise<unknown> | unknown
}

/**
 * Runs the steps in order, each once the one before has ended or failed, all within `deadlineMs`.
 * Returns false when the deadline passed; the process should then end all the same.
 */
export async function shutDown(steps: readonly ShutdownStep[], deadlineMs: number, log: Log): Promise<boolean> {
  let current = ''
  const all = (async () => {
    for (const step of steps) {
      current = step.name
      await Promise.resolve()
        .then(step.run)
        .catch((error: unknown) => log.warn({ step: step.name, err: error }, 'A step of the shutdown failed; going on'))
    }
    return true
  })()
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, deadlineMs, false)
  })
  const inTime = await Promise.race([all, deadline])
  clearTimeout(timer)
  if (!inTime)
    log.warn(
      { step: current, deadlineMs },
      'The shutdown did not end in time; what was still running is left to others',
    )
  return inTime
}

/** Resolves with the name of the first SIGTERM or SIGINT. A second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(1)
        asked = true
        resolve(signal)
      })
    }
  })
}
