import type { Domain } from '@rollcall/roster'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { freshRedisUrl } from '../../../test/support/fresh-redis.ts'
import { pauseKey } from './keys.ts'
import { domainPauses } from './pauses.ts'

const here = 'example.org' as Domain
const there = 'example.net' as Domain
let redis: Redis

beforeAll(async () => {
  redis = new Redis(await freshRedisUrl())
})
afterAll(() => redis.disconnect())

function pauses() {
  const started = domainPauses({ redis, domains: [here, there] })
  onTestFinished(started.stop)
  return started
}

test('a pause counts at once for the worker that was asked for it, and for its domain only', async () => {
  const own = pauses()
  expect(own.left(here)).toBe(0)
  const asked = own.pause(here, 50_000)
  expect(own.left(here)).toBeGreaterThan(40_000)
  expect(own.left(there)).toBe(0)
  await asked
  expect(await redis.pttl(pauseKey(here))).toBeGreaterThan(40_000)
})

test('a shorter pause does not end a longer one, whoever asks for it', async () => {
  const own = pauses()
  await own.pause(here, 50_000)
  await own.pause(here, 10)
  await pauses().pause(here, 10)
  expect(own.left(here)).toBeGreaterThan(40_000)
  expect(await redis.pttl(pauseKey(here))).toBeGreaterThan(40_000)
})

test('a longer pause takes the place of a shorter one', async () => {
  await pauses().pause(there, 20_000)
  await pauses().pause(there, 50_000)
  expect(await redis.pttl(pauseKey(there))).toBeGreaterThan(40_000)
  await redis.del(pauseKey(there))
})

test('other workers learn of it', async () => {
  const other = pauses()
  await pauses().pause(here, 50_000)
  await vi.waitUntil(() => other.left(here) > 0, { timeout: 15_000 })
  expect(other.left(there)).toBe(0)
})

test('a pause ends by itself', async () => {
  const own = pauses()
  await own.pause(there, 5)
  await vi.waitUntil(() => own.left(there) === 0)
  await vi.waitUntil(async () => (await redis.exists(pauseKey(there))) === 0)
})
