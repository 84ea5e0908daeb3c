import { shardKeys } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { type SendOptions, send } from '../support/http.ts'
import { rollcallOfFile } from '../support/rollcall.ts'

const MAX_OPEN_USERS = 20
const SHARDS = 2

const { backend, rollcall, redis } = await rollcallOfFile({
  env: {
    SHARDS: String(SHARDS),
    MAX_OPEN_USERS: String(MAX_OPEN_USERS),
    BACKEND_TIMEOUT_MS: '60000',
  },
})

/** The keys of refreshes and users; other things go on meanwhile. */
const written = async () =>
  (await redis.keys('rollcall:*')).filter((key) => /:(?:refresh:[\da-f-]{36}|user:)/.test(key))

test('past MAX_OPEN_USERS refreshes are refused before anything is written, logins a little later; what waits is done', async () => {
  await rollcall.refresh(['stored'])
  // Another replica, which knows nothing of who comes in but from Redis.
  const { url } = await rollcall.startApi()
  const ask = (path: string, options?: SendOptions) => send(url + path, options)
  const ready = async () => (await ask('/health/ready')).json()
  const held = backend.hold('*')
  const answer = rollcall.refresh(Array.from({ length: MAX_OPEN_USERS }, (_, i) => `user-${i}`))
  await expect.poll(ready).toMatchObject({
    status: 'degraded',
    reasons: ['20 users wait to be fetched: refreshes are refused (MAX_OPEN_USERS is 20)'],
    openUsers: MAX_OPEN_USERS,
  })
  const accepting = () =>
    Promise.all(Array.from({ length: SHARDS }, (_, shard) => redis.zcard(shardKeys(shard).accepting)))
  await expect.poll(accepting).toEqual([0, 0])
  const before = new Set(await written())

  const refused = await ask('/roster_admin/refresh', { method: 'POST', body: '["one-more"]' })
  expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5'])
  const message = 'Too many users wait to be fetched already (MAX_OPEN_USERS is 20); try again later'
  expect(refused.json()).toEqual({ status: 'error', message, updated: 0, errors: 0 })
  const one = await ask('/roster_admin/refresh/one-more')
  expect([one.status, one.headers['retry-after']]).toEqual([503, '5'])
  expect((await written()).filter((key) => !before.has(key))).toEqual([])
  expect((await ask('/roster_admin/refresh', { method: 'POST', body: '[]' })).status).toBe(200)

  expect((await ask('/contacts/stored')).status).toBe(200)
  const logins = ['login-1', 'login-2'].map((user) => ask(`/contacts/${user}`))
  await expect.poll(ready).toMatchObject({ openUsers: MAX_OPEN_USERS + 2 })
  expect((await ask('/contacts/login-3')).status).toBe(503)

  held.release()
  expect((await answer).body).toMatchObject({ updated: MAX_OPEN_USERS, errors: 0 })
  expect((await Promise.all(logins)).map(({ status }) => status)).toEqual([200, 200])
  await expect.poll(ready).toMatchObject({ status: 'ok', reasons: [], openUsers: 0 })
  expect((await ask('/roster_admin/refresh/one-more')).status).toBe(200)
  for (let shard = 0; shard < SHARDS; shard++) expect(await redis.zcard(shardKeys(shard).open)).toBe(0)
})
