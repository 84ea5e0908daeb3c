import type { BareJid } from '@rollcall/roster'
import { createLog, PRIORITY, QUEUE_NAME, type RefreshJob, refreshQueue, shardKeys } from '@rollcall/runtime'
import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { freshRedisUrl } from '../../../test/support/fresh-redis.ts'
import { startSweep } from './sweep.ts'

const HOUR = 3_600_000

test('a retry that a worker with a fast clock has put off is swept forward', async () => {
  const url = await freshRedisUrl()
  const redis = new Redis(url)
  const waiting = new Redis(url, { maxRetriesPerRequest: null })
  await redis.ping()
  const queue = refreshQueue({ redis, shards: 1, producer: 'api-of-the-test', attempts: 3, backoffMs: 500 })
  const { prefix } = shardKeys(0)
  const fast = new Worker<RefreshJob>(QUEUE_NAME, null, { connection: waiting, prefix, autorun: false })
  onTestFinished(async () => {
    await fast.close()
    await queue.close()
    for (const connection of [redis, waiting]) connection.disconnect()
  })
  await queue.enqueue(['john@example.org' as BareJid], PRIORITY.small)
  const job = await fast.getNextJob('token', { block: false })
  await job?.moveToDelayed(Date.now() + HOUR, 'token')
  expect(await queue.takeable(0)).toBe(0)

  const stop = startSweep({
    store: { sweep: async () => [], repair: async () => [] },
    queue,
    serves: [0],
    intervalMs: 20,
    graceMs: 0,
    longestDelayMs: 60_000,
    log: createLog({ level: 'silent', name: 'sweep' }),
  })
  onTestFinished(stop)
  await expect.poll(() => queue.takeable(0)).toBe(1)
})
