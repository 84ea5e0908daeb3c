import { shardKeys, shardOf } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { startBackend } from '../support/backend.ts'
import { userNamed } from '../support/backend-client.ts'
import { send } from '../support/http.ts'
import { rollcallOfFile, startRollcall } from '../support/rollcall.ts'

const SHARDS = 4

const { backend, rollcall, redis } = await rollcallOfFile({
  env: { SHARDS: String(SHARDS), RECHECK_INTERVAL_MS: '600000' },
})

const users = Array.from({ length: 1200 }, (_, i) => `user-${i}`)
const shardOfUser = (username: string) => shardOf(userNamed(username, 'localhost').jid, SHARDS)

test('a refresh of users of all shards is told of each of them, whatever shard tells it', async () => {
  backend.set('user-7', 401)
  const { status, body } = await rollcall.refresh(users)
  expect(status).toBe(200)
  expect(body).toMatchObject({ updated: 1199, errors: 1, changed: 1199 })
  for (let shard = 0; shard < SHARDS; shard++) {
    const stored = users.filter((user) => user !== 'user-7' && shardOfUser(user) === shard).length
    expect(stored).toBeGreaterThan(200)
    expect(await redis.zcard(shardKeys(shard).stored)).toBe(stored)
    expect(await redis.zcard(shardKeys(shard).open)).toBe(0)
  }
})

test('reads find the shard of the user', async () => {
  for (const user of users.slice(0, 20).filter((name) => name !== 'user-7')) {
    expect((await rollcall.send(`/contacts/${user}`)).status).toBe(200)
  }
})

test('how a refresh goes is counted over all shards', async () => {
  const { refresh } = (await rollcall.refresh(users.slice(0, 40))).body
  const progress = async () => (await rollcall.send(`/v1/refreshes/${refresh}`)).json()
  await expect.poll(progress).toMatchObject({ state: 'done', total: 40, updated: 40, pending: 0 })
})

test('a worker fetches no more users at a time than WORKER_CONCURRENCY, however many shards there are', async () => {
  const others = await startBackend()
  const env = { SHARDS: String(SHARDS), WORKER_CONCURRENCY: '8', SLOW_LANE: '0' }
  const eight = await startRollcall({ rosterUrl: others.template, env })
  const held = others.hold('*')
  const refresh = eight.refresh(users.slice(0, 200))
  await others.until(() => others.requests.length >= 8)
  await eight.send('/health/ready')
  expect(others.requests).toHaveLength(8)
  held.release()
  expect((await refresh).body).toMatchObject({ updated: 200, errors: 0 })
  await eight.stop()
  await others.close()
})

test('who runs with another number of shards is told of by readiness, and a refresh of before is not waited for', async () => {
  const held = backend.hold('user-1')
  const accepted = await rollcall.startApi({ REFRESH_DEADLINE_MS: '500' })
  const answer = await send(`${accepted.url}/roster_admin/refresh`, {
    method: 'POST',
    body: JSON.stringify(users.slice(0, 8)),
  })
  expect(answer.status).toBe(202)
  const one = await rollcall.startApi({ SHARDS: '1' })
  const ready = (await send(`${one.url}/health/ready`)).json()
  expect(ready).toMatchObject({ status: 'degraded', reasons: [expect.stringMatching(/SHARDS=4, this api with 1/)] })
  const progress = (await send(one.url + String(answer.headers.location))).json()
  expect(progress).toMatchObject({
    failures: expect.arrayContaining([expect.objectContaining({ code: 'store-reset' })]),
  })
  held.release()
})

test('workers share the shards as WORKER_SHARDS says, and readiness tells of those that none of them serves', async () => {
  const halves = await startRollcall({ rosterUrl: backend.template, workers: 0, env: { SHARDS: String(SHARDS) } })
  const ready = async () => (await halves.send('/health/ready')).json()
  const low = await halves.startWorker({ WORKER_SHARDS: '0-1' })
  const ofShards = (...shards: number[]) => users.filter((user) => shards.includes(shardOfUser(user))).slice(0, 50)
  await expect.poll(ready).toMatchObject({
    status: 'degraded',
    reasons: ['No worker serves shards 2-3 (WORKER_SHARDS): refreshes of their users wait in the queue'],
  })
  expect((await halves.refresh(ofShards(0, 1))).body).toMatchObject({ updated: 50, errors: 0 })
  const waiting = halves.refresh(ofShards(2, 3))
  const high = await halves.startWorker({ WORKER_SHARDS: '3,2' })
  expect((await waiting).body).toMatchObject({ updated: 50, errors: 0 })
  await expect.poll(ready).toMatchObject({ status: 'ok', reasons: [] })
  await low.stop()
  await expect.poll(ready).toMatchObject({ reasons: [expect.stringMatching(/^No worker serves shards 0-1 /)] })
  await high.stop()
  await expect.poll(ready).toMatchObject({ reasons: [expect.stringMatching(/^No worker is alive/)] })
  await halves.stop()
})
