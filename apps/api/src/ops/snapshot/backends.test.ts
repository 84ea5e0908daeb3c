import type { Domain } from '@rollcall/roster'
import type { HeardProcess, RecentFetches } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { backendsLook } from './backends.ts'
import { recentOf } from './recent.ts'

const domain = 'example.org' as Domain
const MINUTE_MS = 60_000
const recent = recentOf({ at: [], steps: [], now: 0 })

/** What the snapshot says of the backend whose workers say that. */
function look() {
  const clock = { now: Date.parse('2026-11-25T20:00:00Z') }
  const lookAt = backendsLook([domain], () => clock.now)
  const worker = (told: Partial<HeardProcess>) =>
    ({ role: 'worker', intervalMs: 1, silentMs: 0, ...told }) as HeardProcess
  const told = (...workers: readonly Partial<HeardProcess>[]) => lookAt(workers.map(worker), new Map(), recent)[0]
  return { clock, told }
}
const fetches = (all: number, failed: number): { fetches: readonly RecentFetches[] } => ({
  fetches: [{ domain, all, failed }],
})

test('the last fetches are those of all workers together, and of no other backend', () => {
  const { told } = look()
  const other = { domain: 'example.net' as Domain, all: 9, failed: 9 }
  expect(told(fetches(10, 2), fetches(5, 1), { fetches: [other] })?.lately).toEqual({ all: 15, failed: 3 })
  expect(told({ fetches: [other] })).not.toHaveProperty('lately')
})

test.each([
  ['failed', fetches(10, 10)],
  ['was given up', { broken: [{ domain, since: '2026-11-25T19:50:00.000Z', reason: 'It refused the connection' }] }],
])('since when one answers again that %s is told for some minutes', (_, away) => {
  const { clock, told } = look()
  told(away)
  clock.now += MINUTE_MS
  expect(told({}), 'nobody has asked it: nothing is known').not.toMatchObject({ state: 'ok' })
  clock.now += MINUTE_MS
  const since = new Date(clock.now).toISOString()
  for (let i = 0; i < 4; i++) {
    expect(told(fetches(10, 0))).toMatchObject({ since })
    clock.now += MINUTE_MS
  }
  clock.now += 2 * MINUTE_MS
  expect(told(fetches(10, 0))).not.toHaveProperty('since')
})

test('of one whose fetches the history does not keep, nothing is said that is not known', () => {
  const domains = Array.from({ length: 21 }, (_, i) => `d${i}.example` as Domain)
  const worker = { role: 'worker', intervalMs: 1, silentMs: 0 } as HeardProcess
  const asked = domains.map((one) => ({ domain: one, all: 10, failed: 1 }))
  const told = backendsLook(domains)([{ ...worker, fetches: asked }], new Map(), recent)
  expect(told[19]).toMatchObject({ state: 'ok', lately: { all: 10, failed: 1 }, fetchesPerSecond: 0, errorShare: 0 })
  expect(told[20]).toEqual({ domain: 'd20.example', state: 'ok', lately: { all: 10, failed: 1 } })
})

test('one that was never away has always answered', () => {
  expect(look().told(fetches(10, 1))).not.toHaveProperty('since')
})
