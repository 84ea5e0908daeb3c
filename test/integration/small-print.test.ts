import { shardKeys, shardOf } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { userNamed } from '../support/backend-client.ts'
import { send } from '../support/http.ts'
import { rollcallOfFile, startRollcall } from '../support/rollcall.ts'

// What is promised in a subordinate clause, and was lost without a test failing.

const { backend, rollcall, redis } = await rollcallOfFile({
  env: { RETRY_BACKOFF_MS: '0', READ_DEADLINE_MS: '10000' },
})

const get = (path: string) => rollcall.send(path)
const changesOf = async (username: string) =>
  (await redis.xrange(shardKeys(0).changes, '-', '+')).filter(([, fields]) => fields.includes(`${username}@localhost`))

test('the same roster in other words is no change: none is counted, none is in the change log', async () => {
  backend.rosters.set('reworded', { 'a@example.org': { groups: ['x', 'y'] }, 'b@example.org': {} })
  expect((await rollcall.refresh(['reworded'])).body).toMatchObject({ updated: 1, changed: 1 })
  backend.rosters.set('reworded', { 'b@example.org': { extra: 1 }, 'a@example.org': { groups: ['y', 'x', 'y'] } })
  expect((await rollcall.refresh(['reworded'])).body).toMatchObject({ updated: 1, changed: 0 })
  expect(await changesOf('reworded')).toHaveLength(1)
  expect((await get('/v1/rosters/reworded')).json()).toMatchObject({ version: 1 })
})

test('a user who is named often is one user, also in the total', async () => {
  const { body } = await rollcall.refresh(['often', 'OFTEN', 'often@localhost', 'a b', 'a b'])
  expect(body).toMatchObject({ updated: 1, errors: 1 })
  expect((await get(`/v1/refreshes/${body.refresh}`)).json()).toMatchObject({
    total: 2,
    updated: 1,
    errors: 1,
    pending: 0,
  })
  expect(await redis.hget(shardKeys(0).user(userNamed('often', 'localhost').jid), 'wanted')).toBe('1')
})

test('the result of a refresh that ended after its deadline stays what it was, once it has been looked at', async () => {
  const held = backend.hold('late', 401)
  const hasty = await rollcall.startApi({ REFRESH_DEADLINE_MS: '300' })
  const { status, headers } = await send(`${hasty.url}/roster_admin/refresh`, { method: 'POST', body: '["late"]' })
  expect(status).toBe(202)
  held.release()
  const location = String(headers.location)
  const failed = { state: 'done', updated: 0, errors: 1 }
  await expect.poll(async () => (await get(location)).json()).toMatchObject(failed)
  backend.unset('late')
  expect((await rollcall.refresh(['late'])).body).toMatchObject({ updated: 1 })
  expect((await get(location)).json()).toMatchObject(failed)
})

test('Age is how long ago the roster was fetched, in seconds, and never negative', async () => {
  await rollcall.refresh(['aged'])
  const key = shardKeys(0).roster(userNamed('aged', 'localhost').jid)
  for (const [secondsAgo, age] of [
    [3600, /^36\d\d$/],
    [-3600, /^0$/], // the clock of Redis is ahead
  ] as const) {
    await redis.hset(key, 'state', `${Date.now() - secondsAgo * 1000} 1 0`)
    expect((await get('/contacts/aged')).headers.age).toMatch(age)
  }
})

test('a reader whose own fetch fails is given what an earlier one has stored meanwhile', async () => {
  const held = backend.hold('meanwhile')
  const refresh = rollcall.refresh(['meanwhile'])
  await backend.arrived('meanwhile')
  const reader = get('/contacts/meanwhile')
  await expect.poll(() => rollcall.api.waiting()).toEqual({ callers: 2, users: 1 })
  backend.set('meanwhile', 401)
  held.release()
  const answer = await reader
  expect(answer.status).toBe(200)
  expect(answer.headers.warning).toBe('110 rollcall "Response is Stale"')
  await refresh
})

test('no job that went well is kept', async () => {
  await rollcall.refresh(['kept-1', 'kept-2'])
  await expect.poll(() => redis.zcard('rollcall:{0}:refresh:active')).toBe(0)
  expect(await redis.zcard('rollcall:{0}:refresh:completed')).toBe(0)
})

test('after a failed attempt the user begins anew: attempts are not starts that killed a worker', async () => {
  const env = { MAX_STARTS: '2', JOB_ATTEMPTS: '5', RETRY_BACKOFF_MS: '0' }
  const other = await startRollcall({ rosterUrl: backend.template, env })
  backend.set('fourth-time-lucky', [500, 500, 500, 500, { kind: 'good' }])
  expect((await other.refresh(['fourth-time-lucky'])).body).toMatchObject({ status: 'ok', updated: 1, errors: 0 })
  await other.stop()
})

test('G6: each shard has its own change log, as long as CHANGES_MAXLEN says', async () => {
  const env = { SHARDS: '3', CHANGES_MAXLEN: '2000' }
  const sharded = await startRollcall({ rosterUrl: backend.template, env })
  const users = Array.from({ length: 600 }, (_, i) => `logged-${i}`)
  expect((await sharded.refresh(users)).body).toMatchObject({ updated: 600 })
  const own = new Redis(sharded.redisUrl)
  for (let shard = 0; shard < 3; shard++) {
    const here = users.filter((user) => shardOf(userNamed(user, 'localhost').jid, 3) === shard)
    const logged = (await own.xrange(shardKeys(shard).changes, '-', '+')).map(([, fields]) => fields[1])
    expect(logged.sort()).toEqual(here.map((user) => `${user}@localhost`).sort())
  }
  own.disconnect()
  await sharded.stop()
})

describe('more users than one look takes', () => {
  test('are looked at again all the same', async () => {
    const env = { RECHECK_INTERVAL_MS: '50' }
    const deaf = await startRollcall({ rosterUrl: backend.template, env, workers: 0 })
    const own = new Redis(deaf.redisUrl)
    const answer = deaf.refresh(Array.from({ length: 2600 }, (_, i) => `many-${i}`))
    await expect.poll(() => own.zcard(shardKeys(0).open)).toBe(2600)
    await expect.poll(() => own.zcard(shardKeys(0).accepting)).toBe(0)
    // As if workers had fetched all of them, and every message had been lost.
    for (let i = 0; i < 2600; i++) {
      const jid = userNamed(`many-${i}`, 'localhost').jid
      await own.hset(shardKeys(0).user(jid), { fetched: 1, version: 1 })
    }
    expect((await answer).body).toMatchObject({ updated: 2600, changed: 2600, errors: 0 })
    own.disconnect()
    await deaf.stop()
  })
})
