import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { attemptSignals } from './attempt-signals.ts'

/** Nothing but its listener knows of the signal: as of a request that hangs. */
function endOf(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(signal.reason.name))
  })
}

test('an attempt ends when its time is up, though garbage was collected meanwhile', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const signals = attemptSignals(200)
  const ends = Array.from({ length: 100 }, () => endOf(signals.next()))
  await new Promise(setImmediate)
  collectGarbage()
  expect(await Promise.all(ends)).toEqual(Array(100).fill('TimeoutError'))
})

test('all attempts end at once when Rollcall ends, and none begins', async () => {
  const signals = attemptSignals(60_000)
  const ends = [endOf(signals.next()), endOf(signals.next())]
  signals.end()
  expect(await Promise.all(ends)).toEqual(['AbortError', 'AbortError'])
  expect(signals.next().reason.name).toBe('AbortError')
})
