import { setImmediate as turn } from 'node:timers/promises'

/**
 * Runs the work it is given one after the other, with a turn of the event loop between two: timers that are due, and
 * answers that have come, are not kept waiting by all of it.
 */
export function takeTurns() {
  let free: Promise<void> = Promise.resolve()
  return function run<Result>(work: () => Result): Promise<Result> {
    const done = free.then(work)
    const next = () => turn()
    free = done.then(next, next)
    return done
  }
}
