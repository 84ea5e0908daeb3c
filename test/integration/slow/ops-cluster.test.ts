import {
  OpsChangePage,
  OpsHistory,
  OpsMadeToken,
  OpsRefreshPage,
  OpsSnapshot,
  OpsUser,
  OpsUserPage,
} from '@rollcall/roster'
import { expect, onTestFinished, test } from 'vitest'
import { startBackend } from '../../support/backend.ts'
import { listenTo } from '../../support/event-source.ts'
import { redisCluster } from '../../support/redis-cluster.ts'
import { startRollcall } from '../../support/rollcall.ts'

test('on a Cluster, all that the dashboard shows and does works as on one Redis', async () => {
  const cluster = await redisCluster()
  const backend = await startBackend()
  onTestFinished(() => backend.close())
  const env = { ...cluster.env, REDIS_URL: '', SHARDS: '6', REFRESH_DEADLINE_MS: '5000', JOB_ATTEMPTS: '1' }
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
  // A job ends after whoever waits for its user has been told.
  await expect
    .poll(async () => OpsUser.parse((await ask('/users/user-07')).json()))
    .toMatchObject({ stored: { version: 1 }, changes: [{ version: 1 }], job: null })

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

  for (const name of users.slice(0, 6)) backend.set(name, 400)
  expect((await rollcall.refresh(users)).body).toMatchObject({ updated: 14, errors: 6 })
  expect((await ask('/failures')).json()).toMatchObject({ total: 6, groups: [{ code: 'backend-status', count: 6 }] })
  expect((await ask('/failures/users')).json<{ users: unknown[] }>().users).toHaveLength(6)
  backend.unset()
  expect((await ask('/failures/retry', 'POST')).json()).toMatchObject({ users: 6 })
  await expect.poll(async () => (await ask('/failures')).json()).toMatchObject({ total: 0 })

  await ask('/queues/all/pause', 'POST')
  const { refresh } = (await rollcall.refresh(users)).body
  const { refreshes } = OpsRefreshPage.parse((await ask('/refreshes?state=running')).json())
  expect(refreshes).toMatchObject([{ id: refresh, pending: 20 }])
  expect((await ask(`/refreshes/${refresh}/cancel`, 'POST')).json()).toEqual({ done: 20, left: 0 })
  expect((await ask(`/refreshes/${refresh}`)).json()).toMatchObject({ state: 'done', errors: 20 })
  const dismissed = await ask('/failures/dismiss', 'POST', JSON.stringify({ code: 'refresh-cancelled' }))
  expect(dismissed.json()).toEqual({ done: 20, left: 0 })
  await ask('/queues/all/resume', 'POST')

  const wanted = JSON.stringify({ name: 'made', rights: ['view'], domains: '*' })
  const { entry } = OpsMadeToken.parse((await ask('/tokens', 'POST', wanted)).json())
  expect((await ask(`/tokens/${entry.id}`, 'DELETE')).status).toBe(204)
  const { storedUsers, redis } = OpsSnapshot.parse((await ask('/snapshot')).json())
  expect({ storedUsers, kind: redis.kind }).toEqual({ storedUsers: 20, kind: 'cluster' })
  const settled = async () => OpsHistory.parse((await ask('/history')).json()).users.some((perSecond) => perSecond > 0)
  await expect.poll(settled).toBe(true)
  expect((await rollcall.send('/metrics')).text).toContain('\nrollcall_users_stored 20\n')
  expect((await ask('/audit')).json<{ entries: unknown[] }>().entries.length).toBeGreaterThan(10)
})
