import { Agent } from 'node:http'
import type { BareJid, Domain } from '@rollcall/roster'
import { refreshKey, refreshOwnerKey, shardKeys } from '@rollcall/runtime'
import { describe, expect, test } from 'vitest'
import { listingOf } from '../../apps/api/src/refresh-index.ts'
import { type RefreshHeader, refreshRecords } from '../../apps/api/src/refresh-records.ts'
import { send } from '../support/http.ts'
import { rollcallOfFile } from '../support/rollcall.ts'

const { backend, rollcall, redis } = await rollcallOfFile({ env: { SHUTDOWN_DEADLINE_MS: '1000' } })

const progressOf = async (location: string) => (await rollcall.send(location)).json()

describe('an api that is told to end', () => {
  test('answers those who wait, and another api tells how their refresh went on', async () => {
    const api = await rollcall.startApi()
    const held = backend.hold('waited-for')
    const agent = new Agent({ keepAlive: true })
    const caller = send(`${api.url}/roster_admin/refresh`, {
      method: 'POST',
      body: '["mary","waited-for"]',
      agent,
    })
    const reader = send(`${api.url}/contacts/waited-for`)
    await backend.arrived('waited-for')
    await expect.poll(() => api.waiting()).toEqual({ callers: 2, users: 1 })

    const stopped = api.stop()
    const answer = await caller
    expect(answer.status).toBe(202)
    expect(answer.json()).toMatchObject({ status: 'ok', updated: 1, errors: 0, pending: 1 })
    expect((await reader).status).toBe(503)
    await stopped
    expect(api.waiting()).toEqual({ callers: 0, users: 0 })

    held.release()
    await expect
      .poll(() => progressOf(String(answer.headers.location)))
      .toMatchObject({ state: 'done', updated: 2, pending: 0 })
    agent.destroy()
  })

  test('waits a moment for what is about to settle', async () => {
    const api = await rollcall.startApi({ SHUTDOWN_DEADLINE_MS: '20000' })
    const held = backend.hold('nearly-done')
    const caller = send(`${api.url}/roster_admin/refresh`, { method: 'POST', body: '["nearly-done"]' })
    await backend.arrived('nearly-done')
    const stopped = api.stop()
    held.release()
    expect((await caller).json()).toMatchObject({ status: 'ok', updated: 1 })
    await stopped
  })

  test('closes the connections that it has answered, and goes off the list of processes', async () => {
    const api = await rollcall.startApi({ SHUTDOWN_DEADLINE_MS: '20000' })
    const agent = new Agent({ keepAlive: true })
    const held = backend.hold('kept-connection')
    const caller = send(`${api.url}/roster_admin/refresh`, { method: 'POST', body: '["kept-connection"]', agent })
    await backend.arrived('kept-connection')
    const stopped = api.stop()
    held.release()
    expect((await caller).status).toBe(200)
    await stopped // and not only after its deadline: the test would have none left
    expect(await redis.zcard('rollcall:processes')).toBe(2)
    agent.destroy()
  })

  test('takes no new connection', async () => {
    const api = await rollcall.startApi()
    await api.stop()
    await expect(send(`${api.url}/health/live`)).rejects.toThrow(/ECONNREFUSED/)
  })
})

describe('a refresh whose api died while it took it in', () => {
  const jid = (username: string) => `${username}@localhost` as BareJid

  const headerOf = (id: string, total: number, chunks: number): RefreshHeader => ({
    id,
    caller: 'loopback',
    domain: 'localhost' as Domain,
    acceptedAt: new Date().toISOString(),
    total,
    unusable: { count: 0, failures: [] },
    chunks,
  })

  test('is gone on with by another one: every user is fetched (G8)', async () => {
    const id = '00000000-0000-4000-8000-00000000dead'
    const dead = refreshRecords({ redis, replica: 'api-dead', ttlS: 60, index: { accepted: listingOf } })
    await dead.accept(headerOf(id, 3, 2), [
      { shard: 0, users: [jid('left-1'), jid('left-2')] },
      { shard: 0, users: [jid('left-3')] },
    ])
    dead.close()
    expect(await progressOf(`/v1/refreshes/${id}`)).toMatchObject({ state: 'running', total: 3, pending: 3 })
    await redis.del(refreshOwnerKey(id)) // the lease of a dead api ends by itself, after some seconds

    await Promise.all(['left-1', 'left-2', 'left-3'].map((username) => backend.arrived(username)))
    await expect
      .poll(() => progressOf(`/v1/refreshes/${id}`))
      .toMatchObject({ state: 'done', total: 3, updated: 3, errors: 0, pending: 0 })
    await expect.poll(() => redis.zcard(shardKeys(0).accepting)).toBe(0)
  })

  test('is not gone on with when it was cancelled: who was not asked for has failed', async () => {
    const id = '00000000-0000-4000-8000-0000000ca4ce'
    const dead = refreshRecords({ redis, replica: 'api-dead', ttlS: 60, index: { accepted: listingOf } })
    await dead.accept(headerOf(id, 1, 1), [{ shard: 0, users: [jid('cancelled')] }])
    dead.close()
    const cancelled = await rollcall.send(`/ops/api/refreshes/${id}/cancel`, { method: 'POST' })
    expect(cancelled.json()).toEqual({ done: 0, left: 1 }) // nobody is there yet to say that it goes no further
    await redis.del(refreshOwnerKey(id))
    await expect
      .poll(() => progressOf(`/v1/refreshes/${id}`))
      .toMatchObject({ state: 'done', errors: 1, failures: [{ username: 'cancelled', code: 'refresh-cancelled' }] })
    expect(await redis.exists(shardKeys(0).user(jid('cancelled')))).toBe(0)
  })

  test('does not keep others from being gone on with when it cannot be read', async () => {
    const [broken, whole] = ['00000000-0000-4000-8000-00000000bad0', '00000000-0000-4000-8000-00000000600d'] as const
    const dead = refreshRecords({ redis, replica: 'api-dead', ttlS: 60, index: { accepted: listingOf } })
    for (const id of [broken, whole]) {
      await dead.accept(headerOf(id, 1, 1), [{ shard: 0, users: [jid('beside-a-broken-one')] }])
    }
    dead.close()
    await redis.hset(refreshKey(broken), 'header', '{}')
    await redis.zadd(shardKeys(0).accepting, 1, broken) // the first to be gone on with
    await redis.del(refreshOwnerKey(broken), refreshOwnerKey(whole))
    await backend.arrived('beside-a-broken-one')
    await expect.poll(() => progressOf(`/v1/refreshes/${whole}`)).toMatchObject({ state: 'done', updated: 1 })
    await redis.zrem(shardKeys(0).accepting, broken)
  })

  test('is asked for only as far as it had not been', async () => {
    const id = '00000000-0000-4000-8000-00000000beef'
    const dead = refreshRecords({ redis, replica: 'api-dead', ttlS: 60, index: { accepted: listingOf } })
    await rollcall.refresh(['was-asked-for'])
    const epoch = String(await redis.get('rollcall:{0}:epoch'))
    await dead.accept(headerOf(id, 2, 2), [
      { shard: 0, users: [jid('was-asked-for')], requested: { epoch, generations: [1], versions: [0] } },
      { shard: 0, users: [jid('was-not')] },
    ])
    dead.close()
    await redis.del(refreshOwnerKey(id))
    await expect.poll(() => progressOf(`/v1/refreshes/${id}`)).toMatchObject({ state: 'done', updated: 2 })
    expect(backend.requests.filter(({ username }) => username === 'was-asked-for')).toHaveLength(1)
  })
})
