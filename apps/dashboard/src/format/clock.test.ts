import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { now, setClock } from './clock.ts'

const at = (ms: number) => new Date(ms).toISOString()
const HOUR = 3_600_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  setClock(at(Date.now()))
  vi.useRealTimers()
})

test('the clock is that of the api, however wrong that of the browser is', () => {
  const api = Date.now() + HOUR
  setClock(at(api))
  expect(now()).toBe(api)
  vi.advanceTimersByTime(7_000)
  expect(now()).toBe(api + 7_000)
})

test('that of the browser counts while both are about alike', () => {
  setClock(at(Date.now() + HOUR))
  setClock(at(Date.now() - 2_000))
  expect(now()).toBe(Date.now())
})
