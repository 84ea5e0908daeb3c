import { OpsHistory, OpsSnapshot } from '@rollcall/roster'
import { expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../../support/backend.ts'
import { redisCluster } from '../../support/redis-cluster.ts'
import { startRollcall } from '../../support/rollcall.ts'

test('on a Cluster the numbers are those of all its masters and shards', async () => {
  const backend = await startBackend()
  onTestFinished(backend.close)
  const { env, redis, masterOf } = await redisCluster()
  const rollcall = await startRollcall({
    rosterUrl: backend.template,
    redisUrl: '',
    env: { ...env, SHARDS: '6', JOB_ATTEMPTS: '1' },
  })
  onTestFinished(rollcall.stop)
  backend.set('broken', 400)
  const users = Array.from({ length: 30 }, (_, i) => `user-${i}`)
  expect((await rollcall.refresh([...users, 'broken'])).body).toMatchObject({ updated: 30, errors: 1 })
  const snapshot = async () => OpsSnapshot.parse((await rollcall.send('/ops/api/snapshot')).json())
  await expect.poll(async () => (await snapshot()).rates.usersPerSecond).toBeGreaterThan(0)
  const now = await snapshot()
  expect(now).toMatchObject({ storedUsers: 30, failedUsers: 1, openUsers: 0, health: { status: 'ok', troubles: [] } })
  expect(now.redis).toMatchObject({ isReachable: true, kind: 'cluster' })
  expect(now.redis.usedMemoryBytes).toBeGreaterThan(3 * 1024 * 1024) // of three masters
  expect(now.queues).toHaveLength(6)
  const settled = async () => {
    const { users: perSecond } = OpsHistory.parse((await rollcall.send('/ops/api/history')).json())
    return perSecond.reduce((sum, one) => sum + one, 0)
  }
  await expect.poll(settled).toBeGreaterThan(0)
  const { text } = await rollcall.send('/metrics')
  expect(text).toMatch(/^rollcall_users_stored 30$/m)
  expect(text.match(/^bullmq_job_count\{queue="refresh", state="failed"/gm)).toHaveLength(6)

  // One master is nearly full: all of them together are not.
  expect(now.redis).not.toHaveProperty('memoryShare')
  const { url } = await masterOf('rollcall:{0}:open')
  for (const node of redis.nodes('master')) {
    const used = Number(/used_memory:(\d+)/.exec(await node.info('memory'))?.[1])
    const isFull = url.endsWith(`:${node.options.port}`)
    await node.config('SET', 'maxmemory', isFull ? Math.round(used * 1.15) : used * 10)
  }
  const troubles = async () => (await snapshot()).health.troubles.map((trouble) => trouble.text)
  const full = /^The fullest master of Redis has filled (8|9)\d % of its memory/
  await expect.poll(troubles).toEqual([expect.stringMatching(full)])
  const share = /^rollcall_redis_memory_share (\S+)$/m.exec((await rollcall.send('/metrics')).text)?.[1]
  expect(Number(share)).toBeGreaterThan(0.8)
})
