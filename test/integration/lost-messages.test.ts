import { parseRoster, toContactsBody } from '@rollcall/roster'
import { loadScripts, type RosterStore, rosterStore } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startBackend, type TestBackend } from '../support/backend.ts'
import { userNamed } from '../support/backend-client.ts'
import { LIMITS } from '../support/fresh-store.ts'
import { type Rollcall, startRollcall } from '../support/rollcall.ts'

let backend: TestBackend
let rollcall: Rollcall
let redis: Redis

beforeEach(async () => {
  backend = await startBackend()
})

afterEach(async () => {
  redis?.disconnect()
  await rollcall.stop()
  await backend.close()
})

async function start(env: Record<string, string>, workers = 1): Promise<void> {
  rollcall = await startRollcall({ rosterUrl: backend.template, workers, env })
  redis = new Redis(rollcall.redisUrl)
}

/** A worker's store that tells nobody of what it has settled. */
function silentStore(): RosterStore {
  const scripts = Object.fromEntries(
    Object.entries(loadScripts()).map(([name, text]) => [name, text.replaceAll(/^ *redis\.call\('PUBLISH'.*$/gm, '')]),
  ) as ReturnType<typeof loadScripts>
  expect(scripts.commit).not.toContain('PUBLISH')
  return rosterStore({ redis, shards: 1, ...LIMITS, scripts })
}

async function settleSilently(username: string): Promise<void> {
  const store = silentStore()
  const user = userNamed(username, 'localhost')
  const fetch = await store.begin(user)
  const parsed = parseRoster('{"mary@example.org":{}}', { maxContacts: 10 })
  if (fetch.kind !== 'begun' || parsed.kind !== 'valid') throw new Error('Nothing to settle')
  const body = toContactsBody(parsed.roster)
  expect(await store.commit(user, fetch, { body, etag: 'e', source: {}, contacts: 1, change: '{}' })).toBe('ok')
}

const wanted = (username: string) => redis.hget(`rollcall:{0}:user:${username}@localhost`, 'wanted')

/** Breaks the connections of the apis' subscribers to this database, as a network would. */
async function breakSubscribers(): Promise<number> {
  const database = new URL(rollcall.redisUrl).pathname.slice(1)
  const clients = String(await redis.client('LIST')).split('\n')
  const ids = clients
    .filter((line) => line.includes(' name=rollcall-api-subscriber ') && line.includes(` db=${database} `))
    .map((line) => /\bid=(\d+)/.exec(line)?.[1] ?? '')
  for (const id of ids) await redis.client('KILL', 'ID', id)
  return ids.length
}

describe('a message that is lost', () => {
  test('is made up for by looking again', async () => {
    await start({ RECHECK_INTERVAL_MS: '50' }, 0)
    const answer = rollcall.refresh(['john'])
    await expect.poll(() => wanted('john')).toBe('1')
    await settleSilently('john')
    expect((await answer).body).toMatchObject({ status: 'ok', updated: 1, changed: 1 })
  })

  test('while the subscriber was away is made up for as soon as it is back', async () => {
    await start({ RECHECK_INTERVAL_MS: '600000' }, 0)
    const answer = rollcall.refresh(['john'])
    await expect.poll(() => wanted('john')).toBe('1')
    await settleSilently('john')
    expect(await breakSubscribers()).toBe(1)
    expect((await answer).body).toMatchObject({ status: 'ok', updated: 1 })
  })

  test('is followed by others: after a reconnect messages are heard again', async () => {
    await start({ RECHECK_INTERVAL_MS: '600000' })
    const held = backend.hold('john')
    const answer = rollcall.refresh(['john'])
    await backend.arrived('john')
    expect(await breakSubscribers()).toBe(1)
    const [replica] = String(await redis.hget('rollcall:{0}:user:john@localhost', 'waiting')).split('=')
    const channel = `rollcall:{0}:settled:${replica}`
    await expect.poll(() => redis.pubsub('NUMSUB', channel)).toEqual([channel, 1])
    held.release()
    expect((await answer).body).toMatchObject({ updated: 1 })
  })
})

describe('a Redis that loses its data', () => {
  test('ends the wait of everybody with store-reset, not with a hang', async () => {
    await start({ RECHECK_INTERVAL_MS: '50' })
    const held = backend.hold('*')
    const refresh = rollcall.refresh(['john', 'mary'])
    const single = rollcall.send('/roster_admin/refresh/single')
    const read = rollcall.send('/contacts/reader')
    await Promise.all(['john', 'mary', 'single', 'reader'].map((name) => backend.arrived(name)))
    await expect.poll(() => rollcall.api.waiting()).toEqual({ callers: 3, users: 4 })
    await redis.flushdb()

    const { status, body } = await refresh
    expect(status).toBe(500)
    expect(body).toMatchObject({ status: 'error', updated: 0, errors: 2 })
    expect((body.failures as { code: string }[]).map(({ code }) => code)).toEqual(['store-reset', 'store-reset'])
    expect((await single).text).toMatch(/store-reset/)
    expect((await read).status).toBe(503)
    held.release()
  })

  test('is filled again by what is asked for next', async () => {
    await start({ RECHECK_INTERVAL_MS: '50', JOB_LOCK_MS: '1000', STALL_CHECK_MS: '500' })
    await rollcall.refresh(['john'])
    const held = backend.hold('held')
    const lost = rollcall.refresh(['held'])
    await backend.arrived('held')
    await redis.flushdb()
    await lost
    expect((await rollcall.refresh(['john', 'mary'])).body).toMatchObject({ status: 'ok', updated: 2 })
    expect((await rollcall.send('/contacts/reader')).status).toBe(200)
    held.release()
    expect((await rollcall.refresh(['held'])).body).toMatchObject({ status: 'ok', updated: 1 })
  })

  test('makes nobody believe what the old one was told, though its generations are the same', async () => {
    await start({ RECHECK_INTERVAL_MS: '600000' }, 0)
    const store = silentStore()
    const before = rollcall.refresh(['john'])
    await expect.poll(() => wanted('john')).toBe('1')
    await redis.flushdb()
    await store.request(0, [userNamed('john', 'localhost').jid], '')
    await settleSilently('john') // generation 1 of another epoch
    expect(await breakSubscribers()).toBe(1) // looks at once
    expect((await before).body).toMatchObject({ updated: 0, errors: 1, failures: [{ code: 'store-reset' }] })
  })
})
