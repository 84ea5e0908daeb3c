/** Nothing keeps a target, or a user of it, waiting for longer, whatever it asks for. */
const LONGEST_MS = 3_600_000

/** Pause after the n-th failure in a row, the first is 1: doubles up to a bound, with jitter, and is never below what was asked for. */
export function pauseMs(failures: number, { backoffMs, maxBackoffMs }: BackOff, askedForMs = 0): number {
  const pause = Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(failures - 1, 30))
  return Math.min(LONGEST_MS, Math.max(pause * (0.75 + Math.random() / 2), askedForMs))
}

export interface BackOff {
  readonly backoffMs: number
  readonly maxBackoffMs: number
}
