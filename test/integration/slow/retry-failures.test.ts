import { OpsAudit, OpsFailures, OpsRefresh, OpsRetry } from '@rollcall/roster'
import { expect, test } from 'vitest'
import { rollcallOfFile } from '../../support/rollcall.ts'

const USERS = 10_000

const { backend, rollcall } = await rollcallOfFile({
  env: { JOB_ATTEMPTS: '1', SHARDS: '2', REFRESH_DEADLINE_MS: '1000', MAX_USERNAMES: '20000' },
})

const get = async (path: string): Promise<unknown> => (await rollcall.send(`/ops/api${path}`)).json()

test('10,000 failures of three causes are three groups, and all of them are retried', {
  timeout: 330_000,
}, async () => {
  const names = Array.from({ length: USERS }, (_, i) => `user-${i}`)
  const causes = [400, 404, { kind: 'raw', body: 'no roster' }] as const
  for (const [i, name] of names.entries()) backend.set(name, causes[i % 3] ?? 400)
  const { body } = await rollcall.refresh(names)
  const failed = async () => OpsFailures.parse(await get('/failures'))
  await expect.poll(async () => (await failed()).total, { timeout: 150_000, interval: 500 }).toBe(USERS)
  expect((await failed()).groups.map(({ code, count }) => [code, count]).toSorted()).toEqual([
    ['backend-status', 3334],
    ['roster-invalid', 3333],
    ['user-unknown', 3333],
  ])
  await expect.poll(async () => OpsRefresh.parse(await get(`/refreshes/${body.refresh}`)).failuresByCode.length).toBe(3)

  backend.unset()
  const before = backend.requests.length
  const answer = await rollcall.send('/ops/api/failures/retry', { method: 'POST', body: '{}' })
  expect(answer.status).toBe(202)
  const retry = OpsRetry.parse(answer.json())
  expect(retry.users).toBe(USERS)
  expect(retry.refreshes).toHaveLength(1)
  const progress = async () => OpsRefresh.parse(await get(`/refreshes/${retry.refreshes[0]}`))
  expect(await progress()).toMatchObject({ state: 'running', total: USERS })
  await expect
    .poll(progress, { timeout: 150_000, interval: 500 })
    .toMatchObject({ state: 'done', updated: USERS, errors: 0, pending: 0 })
  const askedFor = new Set(backend.requests.slice(before).map(({ username }) => username))
  expect(askedFor.size).toBe(USERS)
  expect(await failed()).toEqual({ groups: [], total: 0 })
  const [entry] = OpsAudit.parse(await get('/audit')).entries
  expect(entry).toMatchObject({ action: 'retry-failures', what: 'all failures', count: USERS, result: 'done' })
})
