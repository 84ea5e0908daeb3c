import { setMaxListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { send } from '../../support/http.ts'
import { rollcallOfFile } from '../../support/rollcall.ts'

const { backend, rollcall, redis } = await rollcallOfFile({
  env: { WORKER_CONCURRENCY: '1', SLOW_LANE: '0' },
})

const nobodyWaits = { callers: 0, users: 0 }
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

describe('a caller that hangs up leaves nothing behind, and what it asked for is done', () => {
  test.each([
    ['a refresh', 'hangs-up-1', '/roster_admin/refresh', { method: 'POST', body: '["hangs-up-1","no/body"]' }],
    ['a refresh of one user', 'hangs-up-2', '/roster_admin/refresh/hangs-up-2', {}],
    ['a read', 'hangs-up-3', '/contacts/hangs-up-3', {}],
  ])('%s', async (_what, user, path, options) => {
    const held = backend.hold(user)
    const hangUp = new AbortController()
    const answer = rollcall.send(path, { ...options, signal: hangUp.signal })
    await backend.arrived(user)
    await expect.poll(() => rollcall.api.waiting()).toEqual({ callers: 1, users: 1 })
    hangUp.abort()
    await expect(answer).rejects.toThrow(/abort/)
    await expect.poll(() => rollcall.api.waiting()).toEqual(nobodyWaits)

    held.release()
    await expect.poll(() => redis.hexists(`rollcall:{0}:roster:${user}@localhost`, 'body')).toBe(1)
    expect(await redis.zcard('rollcall:{0}:open')).toBe(0)
  })

  test('500 of them at once', async () => {
    const held = backend.hold('crowd')
    const hangUp = new AbortController()
    setMaxListeners(500, hangUp.signal)
    const answers = times(500, (i) =>
      send(`${rollcall.api.url}/roster_admin/refresh`, {
        method: 'POST',
        body: `["crowd","crowd-${i}"]`,
        signal: hangUp.signal,
      }),
    )
    const gone = Promise.allSettled(answers)
    await expect.poll(() => rollcall.api.waiting().callers).toBe(500)
    hangUp.abort()
    await gone
    await expect.poll(() => rollcall.api.waiting()).toEqual(nobodyWaits)
    held.release()
  })
})

test('after every answer nobody waits any longer', async () => {
  backend.set('broken', 401)
  await rollcall.refresh(['john', 'broken', 'a b'])
  await rollcall.refresh([])
  await rollcall.refresh('[')
  await rollcall.send('/roster_admin/refresh/broken')
  await rollcall.send('/contacts/new-here')
  await rollcall.send('/contacts/broken')
  expect(rollcall.api.waiting()).toEqual(nobodyWaits)
})

describe('a user who waits behind a bulk refresh is moved to the front', () => {
  // One worker with one hand; it is kept busy while the bulk refresh queues up.
  test.each([
    ['by a login', 'login', 500, (user: string) => rollcall.send(`/contacts/${user}`)],
    ['by a refresh of one user', 'one', 500, (user: string) => rollcall.send(`/roster_admin/refresh/${user}`)],
    [
      'by a small refresh',
      'small',
      500,
      (user: string) => rollcall.send('/roster_admin/refresh', { method: 'POST', body: JSON.stringify([user]) }),
    ],
  ])(
    '%s',
    async (_what, name, size, ask) => {
      await backend.idle()
      const held = backend.hold(`${name}-busy`)
      const busy = rollcall.refresh([`${name}-busy`])
      await backend.arrived(`${name}-busy`)
      const queue = 'rollcall:{0}:refresh:prioritized'
      const before = await redis.zcard(queue)
      const bulk = rollcall.refresh(times(size, (i) => `${name}-${i}`))
      await expect.poll(() => redis.zcard(queue)).toBe(before + size)

      const user = `${name}-400`
      const answer = ask(user)
      await expect
        .poll(async () => {
          const [first] = await redis.zrange(queue, '0', '0')
          return redis.hget(`rollcall:{0}:refresh:${first}`, 'data')
        })
        .toBe(JSON.stringify({ user: `${user}@localhost` }))
      const asked = backend.requests.length
      held.release()
      expect((await answer).status).toBe(200)
      expect(backend.requests[asked]?.username).toBe(user)
      expect((await busy).body).toMatchObject({ updated: 1 })
      expect((await bulk).body).toMatchObject({ updated: size, errors: 0 })
    },
    60_000, // one hand, and a machine that may be busy
  )
})

test('a login whose user is fetched just now is not put behind a bulk refresh that names him, too', async () => {
  await backend.idle()
  const held = backend.hold('named-twice')
  const earlier = rollcall.refresh(['named-twice'])
  await backend.arrived('named-twice')
  const login = rollcall.send('/contacts/named-twice')
  const next = 'rollcall:{0}:refresh:dn:named-twice@localhost'
  await expect.poll(() => redis.exists(next)).toBe(1)
  const size = 400
  backend.set('*', { kind: 'good', delayMs: 10 })
  const bulk = rollcall.refresh([...times(size - 1, (i) => `beside-${i}`), 'named-twice'])
  await expect.poll(() => redis.zcard('rollcall:{0}:refresh:prioritized')).toBe(size - 1)

  const asked = backend.requests.length
  held.release()
  expect((await login).status).toBe(200)
  expect(backend.requests.length - asked, 'fetches before the login was answered').toBeLessThan(size / 2)
  expect((await earlier).body).toMatchObject({ updated: 1 })
  expect((await bulk).body).toMatchObject({ updated: size, errors: 0 })
})
