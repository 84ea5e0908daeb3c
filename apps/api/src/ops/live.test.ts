import type { OpsSnapshot } from '@rollcall/roster'
import { createLog } from '@rollcall/runtime'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { EventStream } from './event-stream.ts'
import { liveSnapshots } from './live.ts'
import type { OpsCall } from './route.ts'

const snapshot = { at: '2026-01-01T00:00:00.000Z', processes: [], redis: {} } as unknown as OpsSnapshot
const call = { operator: { name: 'ada', by: 'token', rights: ['view'], domains: '*' } } as unknown as OpsCall

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }))
afterEach(() => void vi.useRealTimers())

test('a reader who was behind when there was news is told it when he is not', async () => {
  let isBehind = false
  let told = 0
  const stream: EventStream = { send: () => told++, isBehind: () => isBehind, onEnd: () => {} }
  let failedUsers = 1
  const { routes, close } = liveSnapshots({
    look: async () => ({ ...snapshot, failedUsers }),
    streams: { open: () => stream },
    log: createLog({ level: 'silent', name: 'test' }),
  })
  await routes.find(({ path }) => path === '/live')?.handle(call)
  await vi.advanceTimersByTimeAsync(1_000)
  isBehind = true
  failedUsers = 2
  told = 0
  await vi.advanceTimersByTimeAsync(1_500)
  expect(told).toBe(0)
  isBehind = false
  await vi.advanceTimersByTimeAsync(1_000)
  expect(told).toBe(1)
  close()
})

test('readers are told that nothing has changed only as long as that is known', async () => {
  let told: string[] = []
  const stream: EventStream = { send: (event) => told.push(String(event)), isBehind: () => false, onEnd: () => {} }
  const looks = [Promise.resolve(snapshot), Promise.resolve(snapshot), new Promise<OpsSnapshot>(() => {})]
  const { routes, close } = liveSnapshots({
    look: () => looks.shift() ?? Promise.resolve(snapshot),
    streams: { open: () => stream },
    log: createLog({ level: 'silent', name: 'test' }),
  })
  await routes.find(({ path }) => path === '/live')?.handle(call)
  await vi.advanceTimersByTimeAsync(6_000)
  expect(told.some((event) => event.startsWith('event: alive'))).toBe(true)
  told = []
  await vi.advanceTimersByTimeAsync(20_000)
  expect(told).toEqual([])
  close()
})

test('who may look at one domain is told nothing of the backends and targets of others, and is well while these alone are not', async () => {
  const failing = (domain: string) => ({ text: `${domain} fails`, place: { view: 'failures', domain } })
  const none = { backends: [], targets: [], running: [] }
  const seenBy = async (troubles: readonly object[]) => {
    const look = async () =>
      ({ ...snapshot, ...none, health: { status: 'degraded', troubles } }) as unknown as OpsSnapshot
    const streams = { open: () => expect.fail() }
    const { routes, close } = liveSnapshots({ look, streams, log: createLog({ level: 'silent', name: 'test' }) })
    const route = routes.find(({ path }) => path === '/snapshot')
    const seen = (await route?.handle({ operator: { domains: ['one.example'] } } as unknown as OpsCall)) as OpsSnapshot
    close()
    return seen.health
  }
  const paused = { text: 'The queue is paused', place: { view: 'queues' } }
  expect(await seenBy([failing('one.example'), failing('two.example'), paused])).toEqual({
    status: 'degraded',
    troubles: [failing('one.example'), paused],
  })
  const silent = { text: 'crm takes no changes', place: { view: 'processes', role: 'gateway' }, domain: 'two.example' }
  expect(await seenBy([failing('two.example'), silent])).toEqual({ status: 'ok', troubles: [] })
})
