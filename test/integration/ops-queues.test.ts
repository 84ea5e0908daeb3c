import { OpsJob, OpsJobPage, OpsUser } from '@rollcall/roster'
import { PRIORITY, QUEUE_NAME, shardKeys } from '@rollcall/runtime'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { rollcallOfTest, twoDomains } from '../support/rollcall.ts'
import { bearer, tokenFor, tokensOf } from '../support/tokens.ts'

const operator = tokenFor('operator', ['view', 'operate', 'notify', 'read'])
const ofOne = tokenFor('of-one', ['view', 'operate'], ['one.example'])

const at = rollcallOfTest()

const start = (env: Record<string, string> = {}, workers = 1): Promise<void> =>
  at.start({
    workers,
    env: { REFRESH_DEADLINE_MS: '1500', READ_DEADLINE_MS: '1500', TOKENS: tokensOf(operator, ofOne), ...env },
    file: twoDomains('two.example'),
  })

const authorization = (token = operator) => bearer(token)
const ask = (path: string, method = 'GET', body?: unknown, token = operator) =>
  at.rollcall.send(`/ops/api${path}`, {
    method,
    headers: authorization(token),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
const refresh = (...users: string[]) => at.rollcall.refresh(users, authorization())
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `user-${i}`)
const reasons = async () => (await at.rollcall.send('/health/ready')).json<{ reasons: string[] }>().reasons

describe('a paused queue', () => {
  test('takes nobody from it, says so, and goes on where it stopped', async () => {
    await start({ SHARDS: '4' })
    expect((await ask('/queues/all/pause', 'POST')).json()).toEqual({ shards: [0, 1, 2, 3] })
    const { status, body } = await refresh(...numbered(12))
    expect({ status, pending: body.pending }).toEqual({ status: 202, pending: 12 })
    const login = await at.rollcall.send('/contacts/at-login', { headers: authorization() })
    expect(login.status).toBe(503)
    expect(at.backend.requests).toEqual([])
    expect(await reasons()).toEqual([
      'The queue of shards 0-3 is paused: refreshes of their users wait, also those of who logs in for the first time',
    ])
    expect((await ask('/queues/2/resume', 'POST')).json()).toEqual({ shards: [2] })
    expect(await reasons()).toEqual([expect.stringContaining('The queue of shards 0-1,3 is paused')])
    await ask('/queues/all/resume', 'POST')
    await expect.poll(() => new Set(at.backend.requests.map(({ username }) => username)).size).toBe(13)
    await expect.poll(async () => (await refresh('user-0')).status).toBe(200)
    expect(await reasons()).toEqual([])
  })

  test('shows the jobs that wait, page by page, and each as it is kept', async () => {
    await start({ SHARDS: '1' })
    await ask('/queues/0/pause', 'POST')
    await refresh(...numbered(52), 'of-one@one.example')
    const pageAt = async (at: number, token = operator) =>
      OpsJobPage.parse((await ask(`/queues/0/jobs?state=prioritized&at=${at}`, 'GET', undefined, token)).json())
    const [first, second] = [await pageAt(0), await pageAt(50)]
    expect([first.jobs.length, first.next, second.jobs.length, second.next]).toEqual([50, 50, 3, null])
    const users = [...first.jobs, ...second.jobs].map(({ user }) => user)
    expect(users.sort()).toEqual([...numbered(52).map((name) => `${name}@two.example`), 'of-one@one.example'].sort())
    const id = first.jobs[0]?.id ?? ''
    const shown = OpsJob.parse((await ask(`/queues/0/jobs/${id}`)).json())
    expect(shown).toMatchObject({ state: 'prioritized', job: { id, data: { user: first.jobs[0]?.user } } })
    const user = OpsUser.parse((await ask('/users/user-3')).json())
    expect(user.job).toMatchObject({ state: 'prioritized', priority: expect.any(Number), attempt: 0 })
    expect(OpsJobPage.parse((await ask('/queues/0/jobs?state=failed')).json())).toEqual({ jobs: [], next: null })

    // Of another domain than the caller may view.
    const seen = [...(await pageAt(0, ofOne)).jobs, ...(await pageAt(50, ofOne)).jobs]
    expect(seen.map((job) => job.user)).toEqual(['of-one@one.example'])
    expect((await ask(`/queues/0/jobs/${id}`, 'GET', undefined, ofOne)).status).toBe(403)
  })
})

describe('a limited queue', () => {
  test('runs no more jobs at a time than it is allowed, of all workers, and more when it may', async () => {
    await start({ SHARDS: '1' }, 2)
    expect((await ask('/queues/0/limits', 'PUT', { globalConcurrency: 1 })).json()).toEqual({ shards: [0] })
    const held = at.backend.hold('*')
    await refresh(...numbered(6))
    await at.backend.until(() => at.backend.requests.length === 1)
    expect(at.backend.requests.filter(({ endedAt }) => endedAt === undefined)).toHaveLength(1)
    expect((await ask('/queues/all/limits', 'PUT', { globalConcurrency: 3 })).status).toBe(200)
    await at.backend.until(() => at.backend.requests.length === 3)
    held.release()
    await expect.poll(async () => (await refresh(...numbered(6))).body.updated).toBe(6)
    const most = Math.max(
      ...at.backend.requests.map(({ startedAt }) => {
        const running = (one: { startedAt: number; endedAt?: number }) =>
          one.startedAt <= startedAt && (one.endedAt ?? Number.POSITIVE_INFINITY) > startedAt
        return at.backend.requests.filter(running).length
      }),
    )
    expect(most).toBeLessThanOrEqual(3)
  })

  test('begins no more jobs within a time than it is allowed, until it may', async () => {
    await start({ SHARDS: '1' })
    await ask('/queues/0/limits', 'PUT', { rateLimit: { max: 2, durationMs: 600_000 } })
    expect((await refresh(...numbered(5))).body).toMatchObject({ updated: 2, pending: 3 })
    expect(at.backend.requests).toHaveLength(2)
    await ask('/queues/0/limits', 'PUT', { rateLimit: null })
    await at.backend.until(() => at.backend.requests.length >= 5)
  })

  test('what it is asked to be must make sense', async () => {
    await start({ SHARDS: '2' })
    const limit = (body: unknown, shard = '0') => ask(`/queues/${shard}/limits`, 'PUT', body)
    for (const body of [{ globalConcurrency: 0 }, { rateLimit: { max: 1 } }, { concurrency: 3 }, [], null])
      expect((await limit(body)).status, JSON.stringify(body)).toBe(400)
    expect((await limit({ globalConcurrency: 0 })).json().detail).toContain('globalConcurrency: ')
    expect((await limit({ globalConcurrency: 5 }, '2')).json().detail).toBe('There is no shard 2: SHARDS is 2')
    for (const path of [
      '/queues/x/jobs',
      '/queues/all/jobs',
      '/queues/-1/jobs',
      '/queues/0/jobs/x:y',
      '/queues/0/jobs/1',
    ])
      expect((await ask(path)).status, path).toBe(404)
    for (const path of ['/queues/0/jobs?state=completed', '/queues/0/jobs?at=-1', '/queues/0/jobs?at=x'])
      expect((await ask(path)).status, path).toBe(400)
  })

  test('is for whoever may operate everywhere', async () => {
    await start({ SHARDS: '1' })
    for (const action of ['pause', 'resume'])
      expect((await ask(`/queues/0/${action}`, 'POST', undefined, ofOne)).status).toBe(403)
    expect((await ask('/queues/0/limits', 'PUT', { globalConcurrency: 1 }, ofOne)).status).toBe(403)
    expect(await reasons()).toEqual([])
  })

  test('a job that somebody else put there is shown to whoever sees all, and disturbs nobody', async () => {
    await start({ SHARDS: '1' }, 0)
    await refresh('john')
    const connection = new Redis(at.rollcall.redisUrl)
    const queue = new Queue(QUEUE_NAME, { connection, prefix: shardKeys(0).prefix })
    try {
      for (const data of [
        null,
        'text',
        [],
        {},
        { user: 7 },
        { user: '' },
        { user: 'two.example' },
        { user: 'x'.repeat(5_000) },
      ])
        await queue.add('other', data, { priority: PRIORITY.bulk })
      const jobs = async (token = operator) => {
        const answer = await ask('/queues/0/jobs?state=prioritized', 'GET', undefined, token)
        return OpsJobPage.parse(answer.json()).jobs
      }
      expect((await jobs()).map(({ user }) => user)).toEqual(['john@two.example', ...new Array(8).fill(undefined)])
      expect(await jobs(ofOne)).toEqual([])
      for (const { id, user } of await jobs()) {
        expect(OpsJob.parse((await ask(`/queues/0/jobs/${id}`)).json())).toMatchObject({ state: 'prioritized' })
        expect((await ask(`/queues/0/jobs/${id}`, 'GET', undefined, ofOne)).status, user).toBe(403)
      }
      await at.rollcall.startWorker()
      await expect.poll(async () => (await refresh('john')).body).toMatchObject({ updated: 1 })
      await expect.poll(async () => (await ask('/queues/0/jobs?state=failed')).json().jobs).toHaveLength(8)
      const [first] = (await ask('/queues/0/jobs?state=failed')).json<OpsJobPage>().jobs
      expect(first?.failedReason).toMatch(/no job of Rollcall/)
    } finally {
      await queue.close()
      connection.disconnect()
    }
  })

  test('stands in the audit log, with what it was told', async () => {
    await start({ SHARDS: '2' })
    await ask('/queues/all/pause', 'POST')
    await ask('/queues/1/limits', 'PUT', { globalConcurrency: 9, rateLimit: null })
    const { entries } = (await ask('/audit')).json<{ entries: { action: string; what: string; result: string }[] }>()
    expect(entries.map(({ action, what, result }) => [action, what, result])).toEqual([
      ['limit-queue', 'shard 1: 9 at a time, at any rate', 'done'],
      ['pause-queue', 'shard 0-1', 'done'],
    ])
  })
})
