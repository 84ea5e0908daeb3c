import {
  OpsAudit,
  OpsPart,
  OpsRefresh,
  OpsRefreshPage,
  OpsRefreshUsers,
  OpsRetry,
  RefreshProgress,
} from '@rollcall/roster'
import { shardKeys } from '@rollcall/runtime'
import { Queue } from 'bullmq'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { send } from '../support/http.ts'
import { rollcallOfFile, twoDomains } from '../support/rollcall.ts'
import { bearer, tokenFor, tokensOf } from '../support/tokens.ts'

const app = tokenFor('app', ['notify', 'read'])
const crm = tokenFor('crm', ['notify'], ['two.example'])
const anybody = tokenFor('on-call', ['view', 'operate'])
const ofOne = tokenFor('of-one', ['view', 'operate'], ['one.example'])
type Token = typeof app

const { backend, rollcall, redis } = await rollcallOfFile({
  env: {
    TOKENS: tokensOf(app, crm, anybody, ofOne),
    SHARDS: '2',
    JOB_ATTEMPTS: '1',
    BREAKER_FAILURES: '10000',
    REFRESH_DEADLINE_MS: '2000',
  },
  file: twoDomains('one.example'),
})
const queues = [0, 1].map((shard) => new Queue('refresh', { connection: redis, prefix: shardKeys(shard).prefix }))
afterAll(() => Promise.all(queues.map((queue) => queue.close())))

const refresh = async (names: readonly string[], token = app, host = 'one.example') => {
  const answer = await rollcall.send('/roster_admin/refresh', {
    method: 'POST',
    headers: { ...bearer(token), host },
    body: JSON.stringify(names),
  })
  return String(answer.json().refresh)
}
const ask = (path: string, token: Token = anybody, method = 'GET', body?: unknown) =>
  rollcall.send(`/ops/api${path}`, {
    method,
    headers: { ...bearer(token), 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
const list = async (query = '', token = anybody) =>
  OpsRefreshPage.parse((await ask(`/refreshes${query}`, token)).json())
const idsOf = async (query = '', token = anybody) => (await list(query, token)).refreshes.map(({ id }) => id)
const one = async (id: string) => OpsRefresh.parse((await ask(`/refreshes/${id}`)).json())
const usersOf = async (id: string, query = '') =>
  OpsRefreshUsers.parse((await ask(`/refreshes/${id}/users${query}`)).json())

describe('refreshes are listed, the newest first', () => {
  test('by state, caller and domain', async () => {
    backend.set('broken', 400)
    const held = backend.hold('slow')
    const fine = await refresh(['fine'])
    const failed = await refresh(['broken', 'fine'])
    const other = await refresh(['elsewhere'], crm, 'two.example')
    const running = await refresh(['slow', 'fine'])
    const all = await list('?limit=4')
    expect(all.refreshes.map(({ id }) => id)).toEqual([running, other, failed, fine])
    expect(all.refreshes[0]).toMatchObject({ state: 'running', total: 2, updated: 1, pending: 1, caller: 'app' })
    expect(all.refreshes[2]).toMatchObject({ state: 'done', total: 2, updated: 1, errors: 1, pending: 0 })
    expect(await idsOf('?state=running')).toEqual([running])
    expect((await idsOf('?state=done')).slice(0, 3)).toEqual([other, failed, fine])
    expect((await idsOf('?state=failed'))[0]).toBe(failed)
    expect(await idsOf('?caller=crm')).toEqual([other])
    expect(await idsOf('?domain=two.example')).toEqual([other])
    await expect.poll(async () => (await list()).callers).toEqual(['app', 'crm'])
    held.release()
    await expect.poll(() => idsOf('?state=running')).toEqual([])
    expect((await idsOf('?state=done'))[0]).toBe(running)
  })

  test('page by page, each once', async () => {
    for (let i = 0; i < 7; i++) await refresh([`user-${i}`])
    const all = await idsOf('?limit=100')
    const seen: string[] = []
    let before: string | null = ''
    while (before !== null) {
      const page: OpsRefreshPage = await list(`?limit=3&before=${before}`)
      seen.push(...page.refreshes.map(({ id }) => id))
      before = page.next && encodeURIComponent(page.next)
    }
    expect(seen).toEqual(all)
  })

  test('and those of a domain that is not theirs to look at, to nobody', async () => {
    const other = await refresh(['elsewhere'], crm, 'two.example')
    expect(await idsOf('', ofOne)).not.toContain(other)
    expect((await list('', ofOne)).callers).toEqual(['app'])
    expect((await ask('/refreshes?domain=two.example', ofOne)).status).toBe(403)
    for (const path of [`/refreshes/${other}`, `/refreshes/${other}/users`]) {
      expect((await ask(path, ofOne)).status).toBe(403)
      expect((await ask(path)).status).toBe(200)
    }
  })
})

describe('a refresh', () => {
  test('says how many failed by code, of all, not only of those that are listed', async () => {
    const names = Array.from({ length: 150 }, (_, i) => `broken-${i}`)
    for (const name of names) backend.set(name, 400)
    backend.set('nobody', 404)
    const id = await refresh([...names, 'nobody', 'a b', 'c d', 'fine'])
    await expect.poll(async () => (await one(id)).state).toBe('done')
    const found = await one(id)
    expect(found).toMatchObject({ total: 154, updated: 1, errors: 153, pending: 0, hasUsers: true })
    expect(found.failures).toHaveLength(100)
    expect(found.failuresByCode.map(({ code, count }) => [code, count])).toEqual([
      ['backend-status', 150],
      ['username-invalid', 2],
      ['user-unknown', 1],
    ])
    expect(found.failuresByCode[0]?.example.message).toMatch(/answered 400/)
  })

  test('says the same while it runs, and when it was answered by somebody else', async () => {
    backend.set('broken', 400)
    const held = backend.hold('slow')
    const id = await refresh(['broken', 'slow', 'a b'])
    const codes = async () => (await one(id)).failuresByCode.map(({ code }) => code).toSorted()
    expect(await codes()).toEqual(['backend-status', 'username-invalid'])
    held.release()
    await expect.poll(async () => (await one(id)).state).toBe('done')
    expect(await codes()).toEqual(['backend-status', 'username-invalid'])
  })

  test('names its users by state, page by page', async () => {
    backend.set('broken', 400)
    const held = backend.hold('slow')
    const id = await refresh(['fine', 'broken', 'slow', 'fine-2', 'fine-3'])
    expect((await usersOf(id, '?state=failed')).users).toEqual([
      { jid: 'broken@one.example', state: 'failed', code: 'backend-status', message: expect.stringContaining('400') },
    ])
    expect((await usersOf(id, '?state=pending')).users).toMatchObject([{ jid: 'slow@one.example' }])
    const seen: string[] = []
    let after: string | null = ''
    while (after !== null) {
      const page: OpsRefreshUsers = await usersOf(id, `?state=updated&limit=2&after=${after}`)
      seen.push(...page.users.map(({ jid }) => jid))
      after = page.next
    }
    expect(seen.toSorted()).toEqual(['fine-2@one.example', 'fine-3@one.example', 'fine@one.example'])
    held.release()
    await expect.poll(async () => (await usersOf(id, '?state=pending')).users).toEqual([])
  })

  test('that named users of several domains names to each those who are theirs to look at', async () => {
    for (const name of ['ann', 'bob']) backend.set(name, 404)
    const id = await refresh(['bob@two.example', 'ann', 'no one', 'x@nowhere.example'])
    const shown = OpsRefresh.parse((await ask(`/refreshes/${id}`, ofOne)).json())
    expect(shown).toMatchObject({ total: 4, errors: 4 })
    expect(JSON.stringify(shown)).not.toContain('two.example')
    expect(shown.failures.map(({ username }) => username).toSorted()).toEqual(['ann', 'no one', 'x@nowhere.example'])
    expect(shown.failuresByCode.find(({ code }) => code === 'user-unknown')).toMatchObject({
      count: 2,
      example: { username: 'ann' },
    })
    const alone = await refresh(['bob@two.example'])
    expect((await ask(`/refreshes/${alone}`, ofOne)).text).not.toContain('bob')
    expect((await ask(`/refreshes/${alone}`)).text).toContain('bob@two.example')
  })

  test('of more than 100 users that went well names them no longer', async () => {
    const id = await refresh(Array.from({ length: 101 }, (_, i) => `many-${i}`))
    await expect.poll(async () => (await one(id)).state).toBe('done')
    await expect.poll(async () => (await one(id)).hasUsers).toBe(false)
    expect(await usersOf(id)).toEqual({ users: [], next: null })
  })

  test.each(['0b9b1f5e-0000-4000-8000-000000000000', 'x', 'a%20b', '__proto__'])(
    'that is not known: %s',
    async (id) => {
      for (const path of [`/refreshes/${id}`, `/refreshes/${id}/users`]) {
        const answer = await ask(path)
        expect(answer.status).toBe(404)
        expect(answer.json()).toMatchObject({ detail: expect.stringContaining('No refresh') })
      }
    },
  )
})

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
    const patient = await rollcall.startApi({ REFRESH_DEADLINE_MS: '60000' })
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

test.each(['?state=x', '?before=x', '?limit=101'])('what is no filter is refused, and said: %s', async (query) => {
  expect((await ask(`/refreshes${query}`)).status).toBe(400)
})
