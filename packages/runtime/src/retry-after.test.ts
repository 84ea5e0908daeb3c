import { describe, expect, it } from 'vitest'
import { loadConfig } from './config/index.ts'
import { retryAfterMs } from './retry-after.ts'

const now = Date.UTC(2026, 0, 1, 12, 0, 0)

describe('Retry-After', () => {
  it.each([
    ['5', 5_000],
    ['60', 60_000],
    ['86400', 60_000],
    ['99999999999999999999999999', 60_000],
    ['Thu, 01 Jan 2026 12:00:07 GMT', 7_000],
    ['Thursday, 01-Jan-26 12:00:07 GMT', 7_000],
    ['Thu Jan  1 12:00:07 2026', 7_000],
    ['Fri, 02 Jan 2026 12:00:00 GMT', 60_000],
  ])('%s is a pause of %i ms', (value, pauseMs) => {
    expect(retryAfterMs(value, now, 60_000)).toBe(pauseMs)
  })

  it.each(['0', 'Thu, 01 Jan 2026 11:59:00 GMT'])(
    '%s is the shortest pause: it must not become a busy loop',
    (value) => {
      expect(retryAfterMs(value, now, 60_000)).toBe(1_000)
    },
  )

  it.each([undefined, '', '-5', '1.5', '1e3', 'soon', '5 apples', 'Thu, 45 Foo 2026 99:00:00 GMT', 'Sun'])(
    '%s is none',
    (value) => {
      expect(retryAfterMs(value, now, 60_000)).toBeUndefined()
    },
  )

  it('never is longer than the longest allowed, however short that is', () => {
    expect(retryAfterMs('0', now, 500)).toBe(500)
  })

  it('cannot be configured to be no pause, which Redis would refuse', () => {
    const load = (RETRY_AFTER_MAX_MS: string) =>
      loadConfig({
        env: { HTTP_ROSTER_URL: 'http://127.0.0.1:8090/%s', RETRY_AFTER_MAX_MS },
        cwd: '/',
        readFile: () => null,
      })
    expect(() => load('0')).toThrow('RETRY_AFTER_MAX_MS')
    expect(() => load('999')).toThrow('RETRY_AFTER_MAX_MS')
    expect(load('1000').retryAfterMaxMs).toBe(1_000)
  })
})
