import pLimit from 'p-limit'

export interface FetchLanesOptions {
  /** Fetches at a time. */
  readonly places: number
  /** Besides, fetches that have become slow. */
  readonly slowPlaces: number
  readonly slowAfterMs: number
}

export type FetchLanes = ReturnType<typeof fetchLanes>

/**
 * Bounds how many fetches run. One that takes long goes on in the slow lane and leaves its place to the next, so that
 * users whose roster hangs do not hold up the others (G7). Behind a full lane a slow fetch keeps its place: a backend
 * that answers nobody in time is not asked for ever more.
 */
export function fetchLanes({ places, slowPlaces, slowAfterMs }: FetchLanesOptions) {
  const place = pLimit(places)
  /** Slow ones that keep their place, the slowest first. */
  const overdue = new Set<() => void>()
  let slow = 0

  return {
    /** Runs a fetch as soon as it has a place. `onSlow` is called when it leaves it, and what that returns when it ends. */
    run<T>(fetch: () => Promise<T>, onSlow: () => () => void): Promise<T> {
      return new Promise((resolve, reject) => {
        const runInPlace = (leave: () => void): void => {
          let over: (() => void) | undefined
          const move = (): void => {
            slow++
            over = onSlow()
            leave()
          }
          const timer = setTimeout(() => {
            if (slow < slowPlaces) move()
            else overdue.add(move)
          }, slowAfterMs)
          const end = (): void => {
            clearTimeout(timer)
            overdue.delete(move)
            leave()
            if (over === undefined) return
            slow--
            over()
            const [slowest] = overdue
            if (slowest === undefined) return
            overdue.delete(slowest)
            slowest()
          }
          fetch().then(
            (result) => {
              end()
              resolve(result)
            },
            (error: unknown) => {
              end()
              reject(error)
            },
          )
        }
        void place(() => new Promise<void>(runInPlace))
      })
    },
    slow: () => slow,
  }
}
