import { expect, test } from 'vitest'
import { openUsers } from './open-users.ts'

/** A Redis that is asked; counts how often. */
function counting(open: number) {
  const redis = { asked: 0 }
  const store = {
    async countOpen() {
      redis.asked++
      return open
    },
  }
  return { redis, ...openUsers({ store, maxOpenUsers: 10 }) }
}

test('a refresh is taken as long as fewer wait, and refused with a reason from then on', async () => {
  expect(await counting(9).refusalOfRefresh()).toBeNull()
  expect(await counting(10).refusalOfRefresh()).toEqual({
    status: 503,
    message: 'Too many users wait to be fetched already (MAX_OPEN_USERS is 10); try again later',
    headers: { 'retry-after': 5 },
  })
})

test('logins are taken up to a tenth more', async () => {
  expect(await counting(10).refusalOfLogin()).toBeNull()
  expect(await counting(11).refusalOfLogin()).toMatchObject({ status: 503 })
})

test('Redis is asked once for all requests that come together or shortly after another', async () => {
  const open = counting(3)
  await Promise.all(Array.from({ length: 100 }, () => open.refusalOfRefresh()))
  expect(open.redis.asked).toBe(1)
  for (let i = 0; i < 100; i++) await open.refusalOfRefresh()
  expect(open.redis.asked).toBeLessThan(20)
  await expect.poll(async () => open.count().then(() => open.redis.asked)).toBeGreaterThan(1)
})

test('who is being taken in counts before Redis knows of it, and until it has been asked again', async () => {
  const open = counting(0)
  expect(await open.refusalOfRefresh()).toBeNull()
  const takenIn = open.takingIn(10)
  expect(await open.refusalOfRefresh()).toMatchObject({ status: 503 })
  takenIn()
  await expect.poll(() => open.refusalOfRefresh()).toBeNull()
})

test('a Redis that is away is asked again by the next request', async () => {
  let away = true
  const countOpen = async () => {
    if (away) throw new Error('away')
    return 0
  }
  const open = openUsers({ store: { countOpen }, maxOpenUsers: 10 })
  await expect(open.refusalOfRefresh()).rejects.toThrow('away')
  away = false
  expect(await open.refusalOfRefresh()).toBeNull()
})
