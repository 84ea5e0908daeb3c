import type { Redis } from 'ioredis'
import { expect } from 'vitest'

/** What is counted by the minute is counted in one, however slow the machine. */
export const untilMinuteIsYoung = (redis: Redis): Promise<void> =>
  expect.poll(async () => Number((await redis.time())[0]) % 60).toBeLessThan(40)
