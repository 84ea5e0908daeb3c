import type { Domain } from '@rollcall/roster'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { freshRedisUrl } from '../../../../test/support/fresh-redis.ts'
import { limitKey } from '../keys.ts'
import { backendLimits } from './backend-limits.ts'
import type { Caps, Share } from './domain-shares.ts'

const here = 'example.org' as Domain
const there = 'example.net' as Domain
/** Nothing waits this long. */
const PATIENT = { timeout: 30_000 }
let redis: Redis
let workers = 0

beforeAll(async () => {
  redis = new Redis(await freshRedisUrl())
})
afterAll(() => redis.disconnect())

function limits(caps: Partial<Caps> = {}, timeoutMs = 1_000) {
  const config = { maxConcurrent: 0, maxPerSecond: 0, backendTimeoutMs: timeoutMs, ...caps }
  const domains = new Map([here, there].map((domain) => [domain, config]))
  const started = backendLimits({ redis, worker: `worker-${++workers}`, domains, mostWaiting: 100 })
  onTestFinished(() => started.stop())
  return started
}

const pauseIn = async (domain: Domain) =>
  Number(await redis.hget(limitKey(domain), 'paused until')) - Number((await redis.time())[0]) * 1000

describe('a pause', () => {
  test('counts at once for the worker that was asked for it, and for its domain only', async () => {
    const own = limits()
    expect(own.pauseLeft(here)).toBe(0)
    const asked = own.pause(here, 50_000)
    expect(own.pauseLeft(here)).toBeGreaterThan(40_000)
    expect(own.pauseLeft(there)).toBe(0)
    const [told, ...others] = own.paused()
    expect(others).toEqual([])
    expect(told?.domain).toBe(here)
    expect(Date.parse(told?.until ?? '')).toBeGreaterThan(Date.now() + 40_000)
    await asked
    expect(await pauseIn(here)).toBeGreaterThan(40_000)
  })

  test('does not end a longer one, whoever asks for it', async () => {
    const own = limits()
    await own.pause(here, 50_000)
    await own.pause(here, 10)
    await limits().pause(here, 10)
    expect(own.pauseLeft(here)).toBeGreaterThan(40_000)
    expect(await pauseIn(here)).toBeGreaterThan(40_000)
  })

  test('takes the place of a shorter one', async () => {
    await limits().pause(there, 20_000)
    await limits().pause(there, 50_000)
    expect(await pauseIn(there)).toBeGreaterThan(40_000)
    await redis.del(limitKey(there))
  })

  test('is known soon to other workers that ask for the domain', async () => {
    const other = limits()
    await limits().pause(here, 50_000)
    await vi.waitUntil(() => other.pauseLeft(here) > 0, PATIENT)
    expect(other.pauseLeft(there)).toBe(0)
    await redis.del(limitKey(here))
  })

  test('ends by itself, and leaves nothing behind', async () => {
    const own = limits()
    await own.pause(there, 5)
    await vi.waitUntil(() => own.pauseLeft(there) === 0, PATIENT)
    expect(own.paused()).toEqual([])
    await vi.waitUntil(async () => (await redis.exists(limitKey(there))) === 0, PATIENT)
  })

  test('and shares in a cap do not touch each other', async () => {
    const own = limits({ maxConcurrent: 3 })
    const share = await own.wait(there)
    await own.pause(there, 50_000)
    const other = limits({ maxConcurrent: 3 })
    expect(await other.wait(there)).toMatchObject({ kind: 'share' })
    expect(await other.wait(there)).toMatchObject({ kind: 'later' })
    expect(other.pauseLeft(there)).toBeGreaterThan(40_000)
    if (share.kind === 'share') share.end()
    await redis.del(limitKey(there))
  })
})

describe('without caps', () => {
  test('Redis is not asked', async () => {
    const own = limits()
    const commands = vi.spyOn(redis, 'sendCommand')
    expect(own.take(here)).toMatchObject({ kind: 'share' })
    expect(await own.wait(here)).toMatchObject({ kind: 'share' })
    expect(commands).not.toHaveBeenCalled()
    commands.mockRestore()
  })
})

describe('a cap on requests at a time', () => {
  test('is shared: what one worker does not use, another may', async () => {
    await redis.flushdb()
    const [a, b] = [limits({ maxConcurrent: 4 }), limits({ maxConcurrent: 4 })]
    const held = await Promise.all([1, 2, 3, 4].map(() => a.wait(here)))
    expect(held.map(({ kind }) => kind)).toEqual(['share', 'share', 'share', 'share'])
    expect(await b.wait(here)).toMatchObject({ kind: 'later' })
    for (const share of held) (share as Share).end()
    await vi.waitFor(async () => expect(await b.wait(here)).toMatchObject({ kind: 'share' }), PATIENT)
  })

  test('Redis is asked now and then, and not for each request', async () => {
    await redis.flushdb()
    const own = limits({ maxConcurrent: 10 })
    const commands = vi.spyOn(redis, 'sendCommand')
    for (let i = 0; i < 500; i++) {
      const share = own.take(here) ?? (await own.wait(here))
      if (share.kind === 'share') share.end()
    }
    expect(commands.mock.calls.length).toBeLessThan(50)
    commands.mockRestore()
  })

  test('what a worker had that died comes back, once its requests must have ended', async () => {
    await redis.flushdb()
    await redis.hset(limitKey(here), 'worker:dead', `3 3 0 ${Date.now() + 4_000}.000`)
    const own = limits({ maxConcurrent: 4 })
    await own.wait(here)
    expect(own.take(here)).toBeUndefined()
    await vi.waitFor(async () => expect(await own.wait(here)).toMatchObject({ kind: 'share' }), PATIENT)
  })

  test('a share that could not be renewed ends, so that others may have it', async () => {
    await redis.flushdb()
    const away = redis.duplicate()
    const own = backendLimits({
      redis: away,
      worker: 'cut-off',
      domains: new Map([[here, { maxConcurrent: 1, maxPerSecond: 0, backendTimeoutMs: 100 }]]),
      mostWaiting: 10,
    })
    onTestFinished(() => own.stop())
    const share = await own.wait(here)
    if (share.kind !== 'share') throw new Error(share.kind)
    expect(share.lasts()).toBe(true)
    away.disconnect()
    await vi.waitUntil(() => !share.lasts(), PATIENT)
    expect(own.take(here)).toBeUndefined()
  })

  test('is never exceeded, whichever workers come, go and die', async () => {
    await redis.flushdb()
    const cap = 6
    const sixSeconds = performance.now() + 6_000
    let running = 0
    let most = 0
    let served = 0
    const isOver = (): boolean => performance.now() > sixSeconds && served >= 300
    const turn = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
    /** A worker with some jobs; it ends well, or without a word once its requests have ended. */
    async function worker(): Promise<void> {
      const own = limits({ maxConcurrent: cap }, 200)
      const until = performance.now() + 500 + Math.random() * 2_000
      const job = async (): Promise<void> => {
        while (performance.now() < until && !isOver()) {
          const share = own.take(here) ?? (await own.wait(here))
          if (share.kind === 'later') {
            await turn(Math.min(share.ms, 200))
            continue
          }
          running++
          most = Math.max(most, running)
          await turn(Math.random() * 30)
          served++
          running--
          share.end()
          if (Math.random() < 0.2) await turn(50)
        }
      }
      await Promise.all(Array.from({ length: 1 + Math.floor(Math.random() * 8) }, job))
      if (Math.random() < 0.7) await own.stop()
    }
    const places = Array.from({ length: 4 }, async () => {
      while (!isOver()) await worker()
    })
    await Promise.all(places)
    expect(most).toBe(cap)
  })
})

describe('a cap on requests a second', () => {
  test('holds for all workers together', async () => {
    await redis.flushdb()
    const rate = 100
    let begun = 0
    let last = 0
    const worker = async (): Promise<void> => {
      const own = limits({ maxPerSecond: rate })
      while (begun < 200) {
        const share = own.take(here) ?? (await own.wait(here))
        if (share.kind === 'later') continue
        begun++
        last = performance.now()
        share.end()
      }
    }
    const started = performance.now() // not the first one: it may come late, and those behind it in a row
    await Promise.all([worker(), worker(), worker()])
    expect(begun / ((last - started) / 1000)).toBeLessThan(rate * 1.15)
  })
})
