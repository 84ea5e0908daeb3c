import { shardKeys } from '@rollcall/runtime'
import { expect, test } from 'vitest'
import { ASKED_ONCE, rollcallOfFile } from '../support/rollcall.ts'

// Nobody stays stale because a notice came while the backend was down.

const SHARDS = 2

const { backend, rollcall, redis } = await rollcallOfFile({
  env: {
    ...ASKED_ONCE,
    SHARDS: String(SHARDS),
    JOB_ATTEMPTS: '1',
    SWEEP_INTERVAL_MS: '50',
    REPAIR_MIN_MS: '50',
    REPAIR_MAX_MS: '200',
    BREAKER_FAILURES: '10000', // the backend is asked all the while
  },
  workers: 2,
})

const users = Array.from({ length: 20 }, (_, i) => `user-${i}`)
const contacts = async (username: string) => Object.keys((await rollcall.send(`/contacts/${username}`)).json())
const timesAsked = (username: string) => backend.requests.filter((request) => request.username === username).length
const toBeRepaired = async () => {
  const shards = Array.from({ length: SHARDS }, (_, shard) => redis.zcard(shardKeys(shard).failed))
  return (await Promise.all(shards)).reduce((a, b) => a + b)
}

test('a notice that came while the backend was down is made up for when it is back, without another notice', async () => {
  for (const user of users) backend.rosters.set(user, { 'old@example.org': {} })
  expect((await rollcall.refresh(users)).body).toMatchObject({ updated: users.length })
  for (const user of users) backend.rosters.set(user, { 'new@example.org': {} })
  backend.set('*', 500)
  const asked = timesAsked('user-0')
  expect((await rollcall.refresh(users)).body).toMatchObject({ updated: 0, errors: users.length })
  await expect.poll(() => timesAsked('user-0')).toBeGreaterThan(asked + 3) // and that more than once
  expect(await contacts('user-0')).toEqual(['old@example.org'])

  backend.unset()
  await expect.poll(toBeRepaired).toBe(0)
  for (const user of users) expect(await contacts(user)).toEqual(['new@example.org'])
  expect((await rollcall.send('/contacts/user-0')).headers.warning).toBeUndefined()
  const askedInAll = backend.requests.length
  await rollcall.refresh(['afterwards'])
  expect(backend.requests.length).toBe(askedInAll + 1)
})

test('what was answered stays: a refresh that failed has failed, although its users were repaired since', async () => {
  backend.set('answered', 500)
  const { body } = await rollcall.refresh(['answered'])
  backend.unset()
  await expect.poll(toBeRepaired).toBe(0)
  const progress = (await rollcall.send(`/v1/refreshes/${body.refresh}`)).json()
  expect(progress).toMatchObject({ state: 'done', updated: 0, errors: 1 })
})

test('a name that the backend does not know is not asked for again and again', async () => {
  backend.set('nobody', 404)
  await rollcall.refresh(['nobody'])
  expect(await toBeRepaired()).toBe(0)
  expect(timesAsked('nobody')).toBe(1)
})
