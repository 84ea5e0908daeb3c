import { OpsAudit, OpsPart, OpsRetry, RefreshProgress } from '@rollcall/roster'
import { shardKeys } from '@rollcall/runtime'
import { Queue } from 'bullmq'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { send } from '../support/http.ts'
import { anybody, app, crm, ofOne, opsRefreshesOfFile } from '../support/ops-refreshes.ts'
import { bearer } from '../support/tokens.ts'

const { backend, rollcall, redis, refresh, ask, list, idsOf, one } = await opsRefreshesOfFile()

const queues = [0, 1].map((shard) => new Queue('refresh', { connection: redis, prefix: shardKeys(shard).prefix }))
afterAll(() => Promise.all(queues.map((queue) => queue.close())))

const audited = async () => OpsAudit.parse((await ask('/audit')).json()).entries[0]

describe('to retry a refresh', () => {
  test('asks again for those who failed, and for nobody else', async () => {
    backend.set('broken-1', 400)
    backend.set('broken-2', 400)
    const id = await refresh(['fine', 'broken-1', 'broken-2', 'broken-1@two.example'])
    await expect.poll(async () => (await one(id)).state).toBe('done')
    backend.set('broken-1', { kind: 'good' })
    const retry = OpsRetry.parse((await ask(`/refreshes/${id}/retry`, anybody, 'POST')).json())
    expect(retry.users).toBe(3)
    expect(retry.refreshes).toHaveLength(2)
    const progress = async () => {
      const found = await Promise.all(retry.refreshes.map(one))
      return found.map(({ domain, caller, updated, errors }) => [domain, caller, updated, errors]).toSorted()
    }
    await expect.poll(progress).toEqual([
      ['one.example', 'on-call', 1, 1],
      ['two.example', 'on-call', 1, 0],
    ])
    expect(await audited()).toMatchObject({ action: 'retry-refresh', what: expect.stringContaining(id), count: 3 })
    // What has been fetched since is not asked for again.
    const again = OpsRetry.parse((await ask(`/refreshes/${id}/retry`, anybody, 'POST')).json())
    expect(again.users).toBe(1)
  })

  test('asks for users of one domain only when the operator may act for no other', async () => {
    backend.set('broken', 400)
    const id = await refresh(['broken', 'broken@two.example'])
    await expect.poll(async () => (await one(id)).state).toBe('done')
    expect(OpsRetry.parse((await ask(`/refreshes/${id}/retry`, ofOne, 'POST')).json()).users).toBe(1)
    const other = await refresh(['broken'], crm, 'two.example')
    expect((await ask(`/refreshes/${other}/retry`, ofOne, 'POST')).status).toBe(403)
  })

  test('is not possible when nobody knows any more who was in it', async () => {
    const id = await refresh(Array.from({ length: 101 }, (_, i) => `many-${i}`))
    await expect.poll(async () => (await one(id)).hasUsers).toBe(false)
    expect((await ask(`/refreshes/${id}/retry`, anybody, 'POST')).status).toBe(409)
  })
})

describe('to cancel a refresh', () => {
  const cancel = async (id: string, token = anybody) =>
    OpsPart.parse((await ask(`/refreshes/${id}/cancel`, token, 'POST')).json())
  const pauseQueues = (paused: boolean) => Promise.all(queues.map((queue) => (paused ? queue.pause() : queue.resume())))
  const jobs = async () => (await Promise.all(queues.map((queue) => queue.getJobCounts()))).map(waitingJobs)

  afterEach(() => pauseQueues(false))

  test('settles who was not fetched yet, takes their jobs away, and tells whoever waits', async () => {
    await pauseQueues(true)
    const names = Array.from({ length: 700 }, (_, i) => `cancelled-${i}`)
    const patient = await rollcall.startApi({ REFRESH_DEADLINE_MS: '100000' })
    const sent = { method: 'POST', headers: bearer(app), body: JSON.stringify(names) }
    const answer = send(`${patient.url}/roster_admin/refresh`, sent)
    await expect.poll(async () => (await list('?state=running')).refreshes.length).toBe(1)
    const [id = ''] = await idsOf('?state=running')
    await expect.poll(async () => (await jobs()).reduce((a, b) => a + b)).toBe(700)
    expect(await cancel(id)).toEqual({ done: 700, left: 0 })
    expect((await answer).status).toBe(500)
    expect((await answer).json()).toMatchObject({ updated: 0, errors: 700 })
    expect(await jobs()).toEqual([0, 0])
    expect(await one(id)).toMatchObject({
      state: 'done',
      updated: 0,
      errors: 700,
      cancelledAt: expect.any(String),
      failuresByCode: [{ code: 'refresh-cancelled', count: 700 }],
    })
    expect(await idsOf('?state=cancelled')).toEqual([id])
    expect(await audited()).toMatchObject({ action: 'cancel-refresh', count: 700, result: 'done' })
    const v1 = await rollcall.send(`/v1/refreshes/${id}`, { headers: bearer(app) })
    expect(RefreshProgress.parse(v1.json())).toMatchObject({ state: 'done', cancelledAt: expect.any(String) })
    expect(await cancel(id)).toEqual({ done: 0, left: 0 })
    await pauseQueues(false)
    await refresh(['afterwards'])
    expect(backend.requests.some(({ username }) => username?.startsWith('cancelled-'))).toBe(false)
  })

  test('leaves a fetch that runs, whose roster counts', async () => {
    const held = backend.hold('slow')
    const id = await refresh(['slow', 'fine'])
    expect(await cancel(id)).toEqual({ done: 1, left: 0 })
    expect(await one(id)).toMatchObject({ state: 'done', updated: 1, errors: 1 })
    held.release()
    await expect.poll(async () => (await rollcall.send('/contacts/slow', { headers: bearer(app) })).status).toBe(200)
    await expect.poll(async () => (await ask('/failures/users?code=refresh-cancelled')).text).not.toContain('slow@')
  })

  test('leaves users to a later refresh that names them', async () => {
    await pauseQueues(true)
    const id = await refresh(['both', 'alone'])
    const later = await refresh(['both'])
    expect(await cancel(id)).toEqual({ done: 2, left: 0 })
    expect(await jobs()).toContain(1)
    await pauseQueues(false)
    await expect.poll(async () => await one(later)).toMatchObject({ state: 'done', updated: 1, errors: 0 })
    expect(await one(id)).toMatchObject({ state: 'done', errors: 2 })
  })

  test('is for those who may act for all of its domains', async () => {
    await pauseQueues(true)
    const id = await refresh(['a', 'b@two.example'])
    expect((await ask(`/refreshes/${id}/cancel`, ofOne, 'POST')).status).toBe(403)
    expect(await one(id)).toMatchObject({ state: 'running', pending: 2 })
    expect(await cancel(id)).toEqual({ done: 2, left: 0 })
  })

  test('does nothing to one that is done', async () => {
    const id = await refresh(['fine'])
    await expect.poll(async () => (await one(id)).state).toBe('done')
    expect(await cancel(id)).toEqual({ done: 0, left: 0 })
    expect((await one(id)).cancelledAt).toBeUndefined()
  })

  test('nor to one that has ended since anybody looked', async () => {
    const held = backend.hold('late')
    const id = await refresh(['late'])
    expect(await one(id)).toMatchObject({ state: 'running' })
    held.release()
    await expect.poll(async () => (await rollcall.send('/contacts/late', { headers: bearer(app) })).status).toBe(200)
    expect(await cancel(id)).toEqual({ done: 0, left: 0 })
    expect((await one(id)).cancelledAt).toBeUndefined()
  })
})

const waitingJobs = ({ waiting = 0, prioritized = 0, delayed = 0, paused = 0 }: Record<string, number>): number =>
  waiting + prioritized + delayed + paused
