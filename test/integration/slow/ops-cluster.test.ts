import { OpsChangePage, OpsUser, OpsUserPage } from '@rollcall/roster'
import { expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../../support/backend.ts'
import { listenTo } from '../../support/event-source.ts'
import { redisCluster } from '../../support/redis-cluster.ts'
import { startRollcall } from '../../support/rollcall.ts'

test('on a Cluster, users are found and shown, changes are told, queues are paused, and rosters dropped', async () => {
  const cluster = await redisCluster()
  const backend = await startBackend()
  onTestFinished(() => backend.close())
  const env = { ...cluster.env, REDIS_URL: '', SHARDS: '6', REFRESH_DEADLINE_MS: '2000' }
  const rollcall = await startRollcall({ rosterUrl: backend.template, env })
  onTestFinished(() => rollcall.stop())
  const ask = (path: string, method = 'GET', body?: string) =>
    rollcall.send(`/ops/api${path}`, { method, ...(body !== undefined && { body }) })
  const users = Array.from({ length: 20 }, (_, i) => `user-${String(i).padStart(2, '0')}`)

  const tail = await listenTo(`${rollcall.api.url}/ops/api/changes/live`)
  await expect.poll(async () => (await rollcall.refresh(users)).body).toMatchObject({ updated: 20, errors: 0 })
  await tail.until((events) => events.filter(({ event }) => event === 'change').length === 20)
  const found = OpsUserPage.parse((await ask('/users?prefix=user')).json())
  expect(found.users.map(({ username }) => username)).toEqual(users)
  const { changes } = OpsChangePage.parse((await ask('/changes')).json())
  expect(changes.map(({ user }) => user.split('@', 1)[0]).sort()).toEqual(users)
  expect(new Set(changes.map(({ shard }) => shard)).size).toBeGreaterThan(2)
  const user = OpsUser.parse((await ask('/users/user-07')).json())
  expect(user).toMatchObject({ stored: { version: 1 }, changes: [{ version: 1 }], job: null })

  const limits = JSON.stringify({ globalConcurrency: 2, rateLimit: { max: 100, durationMs: 1000 } })
  expect((await ask('/queues/all/limits', 'PUT', limits)).status).toBe(200)
  expect((await ask('/queues/all/pause', 'POST')).json()).toEqual({ shards: [0, 1, 2, 3, 4, 5] })
  expect((await rollcall.refresh(['user-03'])).status).toBe(202)
  expect((await ask('/users/user-03')).json()).toMatchObject({ job: { state: 'prioritized' } })
  expect((await ask('/queues/all/resume', 'POST')).status).toBe(200)
  await expect.poll(async () => (await ask('/users/user-03')).json()).toMatchObject({ job: null })

  expect((await ask('/users/user-07/compare', 'POST')).json()).toMatchObject({ kind: 'same' })
  expect((await ask('/users/user-07/drop', 'POST')).json()).toEqual({ dropped: true })
  expect((await ask('/users/user-07')).json()).toMatchObject({ stored: null })
})
