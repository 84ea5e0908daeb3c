import { isDeepStrictEqual } from 'node:util'

/** What was timed is not what was meant to be timed: no figure of it counts. */
export class WrongMeasurementError extends Error {
  override readonly name = 'WrongMeasurementError'
}

export function expectEqual(what: string, found: object, expected: object): void {
  if (isDeepStrictEqual(found, expected)) return
  throw new WrongMeasurementError(`${what} did ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`)
}
