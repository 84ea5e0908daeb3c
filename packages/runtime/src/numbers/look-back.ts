import { type History, RESOLUTIONS, type Resolution, type Step } from './history.ts'

/** The last steps of the history, and what was made of each. */
export interface LookedBack<Made> {
  /** Epoch seconds at which each begins, the oldest first. */
  readonly at: readonly number[]
  readonly steps: readonly Made[]
  /** Epoch milliseconds, by the clock of Redis. */
  readonly now: number
}

export interface LookBackOptions<Made> {
  readonly history: Pick<History, 'now' | 'read'>
  readonly resolution: Resolution
  /** Steps, the running one included. */
  readonly count: number
  make(step: Step): Made
}

/** So that a long look back leaves turns to others, and is not in memory as a whole. */
const READ_AT_ONCE = 10

/**
 * Looks back at the last steps. One that has ended stays as it is, so each is read once, and only what is made of it is
 * kept; the last one that has ended is read again, since it may have been read before its end.
 */
export function lookBack<Made>(options: LookBackOptions<Made>): () => Promise<LookedBack<Made>> {
  const { history, resolution, count, make } = options
  const { stepS } = RESOLUTIONS[resolution]
  let ended: ReadonlyMap<number, Made> = new Map()

  return async () => {
    const now = await history.now()
    const newest = Math.floor(now / 1000 / stepS)
    const numbers = Array.from({ length: count }, (_, i) => newest - count + 1 + i)
    const made = new Map(ended)
    const missing = numbers.filter((number) => !made.has(number))
    for (let i = 0; i < missing.length; i += READ_AT_ONCE) {
      const some = missing.slice(i, i + READ_AT_ONCE)
      const steps = await history.read(resolution, some)
      for (const [at, step] of steps.entries()) made.set(some[at] as number, make(step))
    }
    ended = new Map([...made].filter(([number]) => number >= (numbers[0] ?? 0) && number < newest - 1))
    return { at: numbers.map((number) => number * stepS), steps: numbers.map((n) => made.get(n) as Made), now }
  }
}
