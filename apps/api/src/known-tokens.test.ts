import { createLog } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { freshRedisUrl } from '../../../test/support/fresh-redis.ts'
import { ownRedis } from '../../../test/support/processes.ts'
import { type KnownTokens, knownTokens } from './known-tokens.ts'

const log = createLog({ level: 'silent', name: 'test' })

/** Looks by hand alone. */
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

/** What an api knows, and what it was told at its last look. */
function apiOn(redis: Redis): { tokens: KnownTokens; look(): Promise<boolean> } {
  const tokens = knownTokens({ configured: [], redis, log })
  onTestFinished(tokens.close)
  let told = false
  tokens.onLook((mayHaveChanged) => {
    told = mayHaveChanged
  })
  return {
    tokens,
    async look() {
      await tokens.look()
      return told
    },
  }
}

test('one look in one read tells whether somebody may have lost a token or a session; at rest, that nobody has', async () => {
  const redis = new Redis(await freshRedisUrl())
  onTestFinished(() => redis.disconnect())
  const [here, there] = [apiOn(redis), apiOn(redis)]
  for (const { look } of [here, there, here, there]) await look()
  for (const { look } of [here, there]) expect(await look()).toBe(false)
  await here.tokens.tellOfChange()
  expect(await there.look()).toBe(true)
  expect(await there.look()).toBe(false)
})

test('a full Redis, where nothing can be left for others but what is gone, has them look each time until it is not', async () => {
  const { url } = await ownRedis()
  const redis = new Redis(url)
  onTestFinished(() => redis.disconnect())
  const [here, there] = [apiOn(redis), apiOn(redis)]
  for (const { look } of [here, there, here, there]) await look()
  await redis.config('SET', 'maxmemory', '1')
  await here.tokens.tellOfChange()
  for (const { look } of [there, there, here]) expect(await look()).toBe(true)
  await redis.config('SET', 'maxmemory', '0')
  for (const { look } of [here, there, here, there]) await look()
  for (const { look } of [here, there]) expect(await look()).toBe(false)
})
