import { setTimeout as pause } from 'node:timers/promises'

export interface InsistenceOptions {
  /** Nothing is tried any more. */
  readonly signal: AbortSignal
  /** Told of each failure; the first in a row is 1. */
  readonly onTrouble: (error: unknown, failures: number) => void
}

/** Before Redis is asked again. */
const TROUBLE_MS = 1_000

/** Does what Redis has to take until it has, since it may be away; undefined: this ended before. */
export function insistence({ signal, onTrouble }: InsistenceOptions) {
  return async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        return await work()
      } catch (error) {
        onTrouble(error, failures)
        await pause(TROUBLE_MS, undefined, { signal }).catch(() => {})
      }
    }
    return undefined
  }
}
