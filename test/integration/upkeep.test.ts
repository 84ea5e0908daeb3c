import { shardKeys } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { userNamed } from '../support/backend-client.ts'
import { untilMinuteIsYoung } from '../support/emptied-minute.ts'
import { ASKED_ONCE, rollcallOfFile, startRollcall } from '../support/rollcall.ts'

const DAY_MS = 86_400_000
const LONG_AGO_MS = 1000 * DAY_MS

const { backend, rollcall, redis } = await rollcallOfFile({
  backend: { serials: true },
  workers: 2, // as in earnest: one of them is let through at a time
  env: { ...ASKED_ONCE, UPKEEP_INTERVAL_MS: '100', RETRY_BACKOFF_MS: '0' },
})
const keys = shardKeys(0)
const jidOf = (username: string) => userNamed(username, 'localhost').jid

const requestsFor = (username: string) => backend.requests.filter((request) => request.username === username).length
const looks = async () => Number(await redis.hget(keys.upkeep, 'agedAt'))
const contacts = (username: string) => rollcall.send(`/contacts/${username}`)
const changesOf = async (username: string) =>
  (await redis.xrange(keys.changes, '-', '+'))
    .filter(([, fields]) => fields[1] === jidOf(username))
    .map(([, fields]) => JSON.parse(fields[5] ?? ''))

async function growOld(username: string): Promise<void> {
  await rollcall.refresh([username])
  await redis.zadd(keys.stored, Date.now() - LONG_AGO_MS, jidOf(username))
}

async function aFewLooks(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    const last = await looks()
    await expect.poll(looks, { interval: 20 }).toBeGreaterThan(last)
  }
}

test('an old roster is fetched again by itself, once', async () => {
  await growOld('old')
  await expect.poll(() => requestsFor('old')).toBe(2)
  await expect
    .poll(async () => Number(await redis.zscore(keys.stored, jidOf('old'))))
    .toBeGreaterThan(Date.now() - DAY_MS)
  await aFewLooks()
  expect(requestsFor('old')).toBe(2)
  expect(Number((await contacts('old')).headers.age)).toBeLessThan(600)
})

test('one whose fetch waits or fails is not asked for again and again', async () => {
  const held = backend.hold('waits')
  const first = rollcall.refresh(['waits'])
  held.release()
  await first
  const again = backend.hold('waits', 401)
  await redis.zadd(keys.stored, Date.now() - LONG_AGO_MS, jidOf('waits'))
  await backend.arrived('waits', 2)
  await aFewLooks()
  expect(requestsFor('waits')).toBe(2)
  again.release()
  await expect.poll(() => redis.hget(keys.user(jidOf('waits')), 'failed')).toBe('2')
  await aFewLooks()
  expect(requestsFor('waits')).toBe(2)
  expect((await contacts('waits')).headers.warning).toContain('Stale') // and what is stored is served
})

test('the roster of a domain that is configured no more is left alone', async () => {
  const stranger = 'old@elsewhere.example'
  await redis.zadd(keys.stored, Date.now() - LONG_AGO_MS, stranger)
  await growOld('neighbour')
  await expect.poll(() => requestsFor('neighbour')).toBe(2)
  await aFewLooks()
  expect(await redis.exists(keys.user(userNamed('old', 'elsewhere.example').jid))).toBe(0)
})

test('a roster that nobody uses is dropped, and fetched again for whoever reads it; targets read it whole', async () => {
  await rollcall.refresh(['unused'])
  await redis.zadd(keys.used, Date.now() - LONG_AGO_MS, jidOf('unused'))
  await expect.poll(() => redis.exists(keys.roster(jidOf('unused')))).toBe(0)
  expect(requestsFor('unused')).toBe(1)
  expect((await contacts('unused')).status).toBe(200)
  expect(requestsFor('unused')).toBe(2)
  const [first, second, ...more] = await changesOf('unused')
  expect(first).not.toHaveProperty('truncated')
  expect(second).toMatchObject({ truncated: true })
  expect(more).toEqual([])
})

test('reads and notices are noted as use when the api ends at the latest', async () => {
  const other = await rollcall.startApi()
  await rollcall.refresh(['read', 'notified'])
  await redis.zrem(keys.used, jidOf('read'), jidOf('notified'))
  expect((await fetch(`${other.url}/contacts/read`)).status).toBe(200)
  const body = JSON.stringify(['notified'])
  expect((await fetch(`${other.url}/roster_admin/refresh`, { method: 'POST', body })).status).toBe(200)
  await other.stop()
  for (const name of ['read', 'notified'])
    expect(Number(await redis.zscore(keys.used, jidOf(name)))).toBeGreaterThan(Date.now() - DAY_MS)
})

test('410: the user is gone and so is the roster; whoever was told of its contacts is told that they are no more', async () => {
  await rollcall.refresh(['gone'])
  const before = (await contacts('gone')).json()
  backend.set('gone', 410)
  expect(await rollcall.refresh(['gone'])).toMatchObject({
    status: 500,
    body: { updated: 0, errors: 1, failures: [{ username: 'gone', code: 'user-unknown' }] },
  })
  expect(await redis.exists(keys.roster(jidOf('gone')))).toBe(0)
  expect((await contacts('gone')).json()).toEqual({})
  expect((await changesOf('gone')).at(-1)).toMatchObject({
    added: [],
    updated: [],
    removed: Object.keys(before).sort(),
  })

  backend.unset('gone')
  expect((await rollcall.refresh(['gone'])).body).toMatchObject({ updated: 1, changed: 1 })
  expect(Object.keys((await contacts('gone')).json())).toEqual(Object.keys(before))
})

test('who has been gone for years is forgotten', async () => {
  await redis.zadd(
    keys.gone,
    (Date.now() - LONG_AGO_MS) * 1000,
    jidOf('long-gone'),
    Date.now() * 1000,
    jidOf('just-gone'),
  )
  await expect.poll(() => redis.zscore(keys.gone, jidOf('long-gone'))).toBeNull()
  expect(await redis.zscore(keys.gone, jidOf('just-gone'))).not.toBeNull()
})

test('a backend that answers 410 for everybody is not believed', async () => {
  const other = await startRollcall({ rosterUrl: backend.template, env: { EMPTIED_MIN: '2' } })
  const own = new Redis(other.redisUrl)
  const users = Array.from({ length: 20 }, (_, i) => `everybody-${i}`)
  await other.refresh(users)
  await own.del(keys.emptied)
  await untilMinuteIsYoung(own)
  backend.set('*', 410)
  const { body } = await other.refresh(users)
  const codes = new Set((body.failures as { code: string }[]).map(({ code }) => code))
  expect(codes).toEqual(new Set(['user-unknown', 'roster-held']))
  expect(await own.zcard(keys.stored)).toBeGreaterThanOrEqual(users.length / 2)
  expect((await other.send('/health/ready')).json()).toMatchObject({ status: 'degraded' })
  own.disconnect()
  await other.stop()
})

test('404 drops nothing', async () => {
  await rollcall.refresh(['unknown'])
  const before = (await contacts('unknown')).text
  backend.set('unknown', 404)
  expect((await rollcall.refresh(['unknown'])).body).toMatchObject({ errors: 1, failures: [{ code: 'user-unknown' }] })
  expect((await contacts('unknown')).text).toBe(before)
})

test('410 is an empty roster where UNKNOWN_USER says so', async () => {
  const other = await startRollcall({ rosterUrl: backend.template, env: { UNKNOWN_USER: 'empty' } })
  await other.refresh(['emptied'])
  backend.set('emptied', 410)
  expect((await other.refresh(['emptied'])).body).toMatchObject({ status: 'ok', updated: 1, changed: 1 })
  expect((await other.send('/contacts/emptied')).json()).toEqual({})
  await other.stop()
})
