import type { OpsPart } from '@rollcall/roster'

/** Told after each part: of `done + left`, `done` are done. */
export interface PartsProgress {
  readonly done: number
  readonly left: number
}

/** So many calls in a row that did nothing, while some are left, are a fault of the api: it ends rather than going on for ever. */
const MOST_IDLE_CALLS = 5

/** Does all of something of which one call does a bounded part, until none is left or `signal` ends it. */
export async function inParts(
  call: (signal: AbortSignal) => Promise<OpsPart>,
  onPart: (progress: PartsProgress) => void,
  signal: AbortSignal,
): Promise<number> {
  let done = 0
  for (let idle = 0; ; ) {
    const part = await call(signal)
    done += part.done
    onPart({ done, left: part.left })
    if (part.left === 0 || signal.aborted) return done
    idle = part.done === 0 ? idle + 1 : 0
    if (idle === MOST_IDLE_CALLS)
      throw new Error(`${part.left} are left that the api does not get done. Try again later.`)
  }
}
