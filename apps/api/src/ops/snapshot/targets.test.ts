import type { Domain } from '@rollcall/roster'
import { type TargetConfig, targetLog } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { freshRedisUrl } from '../../../../../test/support/fresh-redis.ts'
import { targetsLook } from './targets.ts'

test('a target whose gateway is not heard is served by nobody, unless nobody can be heard', async () => {
  const redis = new Redis(await freshRedisUrl())
  onTestFinished(() => redis.disconnect())
  await redis.flushdb()
  const counts = { lagMs: 0, waiting: 3, delivered: 0, rejected: 0, owed: 0, writes: 0, drifted: 0 }
  const written = { state: 'following', holder: 'gateway-1', at: new Date().toISOString(), ...counts } as const
  await targetLog({ redis, target: 'crm', shard: 0 }).writeState(written)
  const crm = { name: 'crm', type: 'webhook', domain: 'example.org' as Domain } as TargetConfig
  const look = targetsLook({ redis, shards: 1, targets: [crm] })
  expect(await look([])).toMatchObject([{ target: 'crm', state: 'unserved' }])
  expect(await look([], false)).toMatchObject([{ target: 'crm', state: 'following', waiting: 3 }])
})
