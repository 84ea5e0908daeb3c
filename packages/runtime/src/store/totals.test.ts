import type { Domain } from '@rollcall/roster'
import type { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { freshStoreOfFile, testUser } from '../../../../test/support/fresh-store.ts'
import { history } from '../numbers/history.ts'
import type { RedisClient } from '../redis.ts'

const fresh = freshStoreOfFile()
const HOUR_MS = 3_600_000

/** A Cluster of which another master, whose clock is an hour ahead, answers what has no key. */
const clusterOf = (redis: Redis): RedisClient =>
  new Proxy(redis, {
    get(target, name) {
      if (name === 'isCluster') return true
      if (name === 'time') return async () => [Math.floor((Date.now() + HOUR_MS) / 1000), 0]
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

test('on a Cluster, how long somebody waits and which step it is is told by the clock of the master that keeps it', async () => {
  const redis = clusterOf(fresh.redis)
  await fresh.store.request(0, [testUser('john').jid], '')
  expect((await fresh.another({ redis }).totals()).oldestOpenMs).toBeLessThan(HOUR_MS / 2)
  expect(await history(redis, ['example.org' as Domain]).now()).toBeLessThan(Date.now() + HOUR_MS / 2)
})
