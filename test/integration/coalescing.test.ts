import { describe, expect, test } from 'vitest'
import { serialIn } from '../support/backend.ts'
import { send } from '../support/http.ts'
import { ASKED_ONCE, rollcallOfFile } from '../support/rollcall.ts'

const { backend, rollcall, redis } = await rollcallOfFile({
  backend: { serials: true },
  workers: 2,
  // "While locks are held": a machine so busy that a lock is lost may well fetch a user twice. Nor is this about
  // a backend that seems slow then: whether it works is found out by asking for a user besides.
  env: { ...ASKED_ONCE, JOB_LOCK_MS: '600000', SLOW_FETCH_MS: '3600000' },
})

const post = (usernames: readonly string[], url = rollcall.api.url) =>
  send(`${url}/roster_admin/refresh`, { method: 'POST', body: JSON.stringify(usernames) })
const fetchesOf = (username: string) => backend.requests.filter((request) => request.username === username)
const storedSerial = async (username: string) =>
  serialIn((await rollcall.send(`/contacts/${username}`)).json<Record<string, { name?: string }>>())
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

/** So many requests take a busy machine a while. */
const PATIENT = { timeout: 100_000 }

describe('1,000 requests for one user at once are answered by at most 3 fetches (G3)', { timeout: 240_000 }, () => {
  test('refreshes, each by a fetch that began after it (G1)', async () => {
    const held = backend.hold('wanted')
    const first = post(['wanted'])
    await backend.arrived('wanted')
    const others = times(999, () => post(['wanted']))
    await expect.poll(() => redis.hget('rollcall:{0}:user:wanted@localhost', 'wanted'), PATIENT).toBe('1000')
    held.release()

    const answers = await Promise.all([first, ...others])
    for (const answer of answers) {
      expect(answer.status).toBe(200)
      expect(answer.json()).toMatchObject({ status: 'ok', updated: 1, errors: 0 })
    }
    expect(fetchesOf('wanted').length).toBeGreaterThanOrEqual(2)
    expect(fetchesOf('wanted').length).toBeLessThanOrEqual(3)
    expect(backend.maxInFlight('wanted')).toBe(1)
    expect(await storedSerial('wanted')).toBe(fetchesOf('wanted').at(-1)?.serial)
    expect(rollcall.api.waiting()).toEqual({ callers: 0, users: 0 })
  })

  test('reads of a roster that is not stored yet', async () => {
    const held = backend.hold('missed')
    const reads = times(1000, () => rollcall.send('/contacts/missed'))
    await expect.poll(() => redis.hget('rollcall:{0}:user:missed@localhost', 'wanted'), PATIENT).toBe('1000')
    held.release()
    for (const answer of await Promise.all(reads)) expect(answer.status).toBe(200)
    expect(fetchesOf('missed').length).toBeLessThanOrEqual(3)
  })

  test('single refreshes of a user whose fetch fails', async () => {
    backend.set('failing', 401)
    const held = backend.hold('failing', 401)
    const gets = times(100, () => rollcall.send('/roster_admin/refresh/failing'))
    await expect.poll(() => redis.hget('rollcall:{0}:user:failing@localhost', 'wanted')).toBe('100')
    held.release()
    for (const answer of await Promise.all(gets)) expect(answer.status).toBe(500)
    expect(fetchesOf('failing').length).toBeLessThanOrEqual(3)
  })
})

test('50 refreshes of 200 overlapping users, two workers: nobody is fetched twice at the same time', async () => {
  backend.set('*', { kind: 'good', delayMs: 5 })
  const users = times(200, (i) => `overlap-${i}`)
  const answers = await Promise.all(
    times(50, (i) => post(times(100, (j) => users[(i * 17 + j) % users.length] as string))),
  )
  for (const answer of answers) expect(answer.json()).toMatchObject({ status: 'ok', updated: 100, errors: 0 })
  for (const user of users) {
    expect(backend.maxInFlight(user)).toBe(1)
    expect(await storedSerial(user)).toBe(fetchesOf(user).at(-1)?.serial)
  }
})

test('a request that arrives while a fetch runs is answered by a later one (G1)', async () => {
  const held = backend.hold('running')
  const first = post(['running'])
  await backend.arrived('running')
  const second = post(['running'])
  await expect.poll(() => rollcall.api.waiting()).toEqual({ callers: 2, users: 1 })
  held.release()
  expect((await first).json()).toMatchObject({ updated: 1 })
  expect((await second).json()).toMatchObject({ updated: 1 })
  expect(fetchesOf('running')).toHaveLength(2)
})

test('two apis that are asked for the same users both answer truly, for few more fetches', async () => {
  const other = await rollcall.startApi()
  const users = times(300, (i) => `both-${i}`)
  const [here, there] = await Promise.all([post(users), post(users, other.url)])
  for (const answer of [here, there]) {
    expect(answer.status).toBe(200)
    expect(answer.json()).toMatchObject({ updated: 300, errors: 0 })
  }
  for (const user of users) {
    expect(fetchesOf(user).length).toBeLessThanOrEqual(2)
    expect(backend.maxInFlight(user)).toBe(1)
  }
})
