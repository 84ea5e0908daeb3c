import { OpsAudit, OpsFailedUsers, OpsFailures, OpsJudged, OpsPart, OpsRefresh, OpsRetry } from '@rollcall/roster'
import { describe, expect, test } from 'vitest'
import { rollcallOfFile, twoDomains } from '../support/rollcall.ts'
import { bearer, tokenFor, tokensOf } from '../support/tokens.ts'

const app = tokenFor('app', ['notify', 'read'])
const anybody = tokenFor('on-call', ['view', 'operate'])
const viewer = tokenFor('viewer', ['view'])
const ofOne = tokenFor('of-one', ['view', 'operate'], ['one.example'])
type Token = typeof app

const { backend, rollcall, redis } = await rollcallOfFile({
  env: {
    TOKENS: tokensOf(app, anybody, viewer, ofOne),
    SHARDS: '2',
    JOB_ATTEMPTS: '1',
    BREAKER_FAILURES: '10000',
  },
  file: twoDomains('one.example'),
})

const refresh = (names: readonly string[]) => rollcall.refresh(names, bearer(app))
const ask = (path: string, token: Token, method = 'GET', body?: unknown) =>
  rollcall.send(`/ops/api${path}`, {
    method,
    headers: { ...bearer(token), 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
const failures = async (query = '', token = anybody) =>
  OpsFailures.parse((await ask(`/failures${query}`, token)).json())
const failedUsers = async (query: string, token = anybody) =>
  OpsFailedUsers.parse((await ask(`/failures/users${query}`, token)).json())
const brief = ({ groups }: OpsFailures) =>
  groups.map(({ code, domain, count }) => `${count} ${code} ${domain}`).toSorted()

const down = Array.from({ length: 30 }, (_, i) => `down-${i}`)

/** 30 whom the backend of one.example does not give, one whom it does not know, and two of two.example. */
async function someFail(): Promise<void> {
  for (const name of [...down, 'elsewhere-1', 'elsewhere-2']) backend.set(name, 400)
  backend.set('nobody', 404)
  await refresh([...down, 'nobody', 'elsewhere-1@two.example', 'elsewhere-2@two.example', 'fine'])
}

test('who failed is listed by why and at whose backend, over all shards', async () => {
  await someFail()
  const all = await failures()
  expect(brief(all)).toEqual([
    '1 user-unknown one.example',
    '2 backend-status two.example',
    '30 backend-status one.example',
  ])
  expect(all.total).toBe(33)
  const [largest] = all.groups
  expect(largest?.example.jid).toMatch(/^down-\d+@one\.example$/)
  expect(largest?.example.message).toMatch(/answered 400/)
  expect(Date.parse(largest?.lastAt ?? '')).toBeGreaterThanOrEqual(Date.parse(largest?.firstAt ?? ''))
  expect(brief(await failures('?code=user-unknown'))).toEqual(['1 user-unknown one.example'])
  expect(brief(await failures('?domain=two.example'))).toEqual(['2 backend-status two.example'])
})

test('its users can be read page by page, each once', async () => {
  await someFail()
  const seen: string[] = []
  let after: string | null = ''
  while (after !== null) {
    const page: OpsFailedUsers = await failedUsers(`?code=backend-status&domain=one.example&limit=7&after=${after}`)
    expect(page.users.length).toBeLessThanOrEqual(7)
    seen.push(...page.users.map(({ jid }) => jid))
    after = page.next && encodeURIComponent(page.next)
  }
  expect(seen.toSorted()).toEqual(down.map((name) => `${name}@one.example`).toSorted())
  const [{ nextRepairAt, at } = { at: '' }] = (await failedUsers('?code=backend-status')).users
  expect(Date.parse(nextRepairAt ?? '')).toBeGreaterThan(Date.parse(at))
  expect((await failedUsers('?code=user-unknown')).users).toMatchObject([{ jid: 'nobody@one.example' }])
  expect((await failedUsers('?code=user-unknown')).users[0]?.nextRepairAt).toBeUndefined()
})

test('who may look at one domain sees the failures of no other', async () => {
  await someFail()
  expect(new Set((await failures('', ofOne)).groups.map(({ domain }) => domain))).toEqual(new Set(['one.example']))
  expect((await failedUsers('?limit=100', ofOne)).users.every(({ jid }) => jid.endsWith('@one.example'))).toBe(true)
  for (const path of ['/failures?domain=two.example', '/failures/users?domain=two.example'])
    expect((await ask(path, ofOne)).status).toBe(403)
  expect((await ask('/failures', app)).status).toBe(403)
})

const retry = async (filter: object, token = anybody) =>
  OpsRetry.parse((await ask('/failures/retry', token, 'POST', filter)).json())
const dismiss = async (filter: object, token = anybody) =>
  OpsPart.parse((await ask('/failures/dismiss', token, 'POST', filter)).json())
const refreshNamed = async (id: string) => OpsRefresh.parse((await ask(`/refreshes/${id}`, anybody)).json())
const audited = async () => OpsAudit.parse((await ask('/audit', anybody)).json()).entries

describe('to retry', () => {
  test('a group asks again for all of it, and for nobody else; its progress is that of a refresh', async () => {
    await someFail()
    const held = backend.hold('down-0')
    for (const name of down.slice(1)) backend.set(name, { kind: 'good' })
    const { users, refreshes } = await retry({ code: 'backend-status', domain: 'one.example' })
    expect(users).toBe(30)
    expect(refreshes).toHaveLength(1)
    const progress = () => refreshNamed(refreshes[0] ?? '')
    await expect
      .poll(progress)
      .toMatchObject({ state: 'running', caller: 'on-call', total: 30, updated: 29, pending: 1 })
    held.release()
    await expect.poll(progress).toMatchObject({ state: 'done', updated: 30, errors: 0 })
    expect(brief(await failures())).toEqual(['1 user-unknown one.example', '2 backend-status two.example'])
    expect((await audited())[0]).toMatchObject({
      who: 'on-call',
      action: 'retry-failures',
      what: 'backend-status of one.example',
      count: 30,
      result: 'done',
    })
  })

  test('all that failed is a refresh for each domain', async () => {
    await someFail()
    const { users, refreshes } = await retry({})
    expect(users).toBe(33)
    const domains = await Promise.all(refreshes.map(async (id) => (await refreshNamed(id)).domain))
    expect(domains.toSorted()).toEqual(['one.example', 'two.example'])
    for (const id of refreshes) await expect.poll(async () => (await refreshNamed(id)).state).toBe('done')
  })

  test('nobody is no refresh', async () => {
    expect(await retry({ code: 'roster-held' })).toEqual({ users: 0, refreshes: [] })
  })
})

describe('to dismiss', () => {
  test('a group takes it off the list, and its users are no longer repaired; it is back when they fail again', async () => {
    await someFail()
    expect(await dismiss({ code: 'backend-status', domain: 'one.example' })).toEqual({ done: 30, left: 0 })
    expect(brief(await failures())).toEqual(['1 user-unknown one.example', '2 backend-status two.example'])
    expect((await audited())[0]).toMatchObject({ action: 'dismiss-failures', count: 30, result: 'done' })
    await refresh(['down-1'])
    expect(brief(await failures('?code=backend-status&domain=one.example'))).toEqual(['1 backend-status one.example'])
    expect(await dismiss({})).toEqual({ done: 4, left: 0 })
    expect((await failures()).total).toBe(0)
  })
})

test('more than 20,000 are dismissed call by call, each of which says how many are left', async () => {
  for (const [domain, count] of [
    ['one.example', 15_000],
    ['two.example', 10_000],
  ] as const) {
    const jids = Array.from({ length: count }, (_, i) => [1_000 + i, `many-${i}@${domain}`] as const)
    await redis.zadd(`rollcall:{1}:failed:backend-unreachable:${domain}`, ...jids.flat())
    await redis.hset('rollcall:{1}:failed:groups', `backend-unreachable:${domain}`, 1_000)
  }
  expect(await dismiss({ code: 'backend-unreachable' })).toEqual({ done: 20_000, left: 5_000 })
  expect((await audited())[0]).toMatchObject({ action: 'dismiss-failures', count: 20_000 })
  expect(await dismiss({ code: 'backend-unreachable' })).toEqual({ done: 5_000, left: 0 })
})

test('who fails after somebody has looked is not dismissed with those who were seen', async () => {
  await someFail()
  const { groups } = await failures('?code=backend-status&domain=one.example')
  const until = groups[0]?.lastAt
  backend.set('late', 500)
  await refresh(['late', 'down-1'])
  expect(await dismiss({ domain: 'one.example', code: 'backend-status', until })).toEqual({ done: 29, left: 0 })
  const { users } = await failedUsers('?domain=one.example&code=backend-status')
  expect(users.map(({ jid }) => jid)).toEqual(expect.arrayContaining(['down-1@one.example', 'late@one.example']))
  expect(users).toHaveLength(2)
  expect(await dismiss({})).toEqual({ done: 5, left: 0 })
})

describe('who may act for one domain', () => {
  test('acts for no other', async () => {
    await someFail()
    for (const what of ['retry', 'dismiss'])
      expect((await ask(`/failures/${what}`, ofOne, 'POST', { domain: 'two.example' })).status).toBe(403)
    const { users, refreshes } = await retry({}, ofOne)
    expect(users).toBe(31)
    await expect.poll(async () => (await refreshNamed(refreshes[0] ?? '')).state).toBe('done') // and all failed again
    expect(await dismiss({}, ofOne)).toMatchObject({ left: 0 })
    expect(brief(await failures())).toEqual(['2 backend-status two.example'])
  })
  test('and who may only look, for none', async () => {
    for (const what of ['retry', 'dismiss'])
      expect((await ask(`/failures/${what}`, viewer, 'POST', {})).status).toBe(403)
    expect((await audited())[0]).toMatchObject({ who: 'viewer', action: 'dismiss-failures', result: 'refused' })
  })
})

test.each([{ code: 'no-code' }, { domain: 'not a domain' }, { codes: ['backend-status'] }, []])(
  'a filter that is none acts on nobody: %j',
  async (filter) => {
    for (const what of ['retry', 'dismiss'])
      expect((await ask(`/failures/${what}`, anybody, 'POST', filter)).status).toBe(400)
  },
)

test.each(['?code=no-code', '?domain=not%20a%20domain', '/users?limit=0', '/users?limit=x', '/users?after=x'])(
  'what is no filter is refused, and said: %s',
  async (query) => {
    const answer = await ask(`/failures${query}`, anybody)
    expect(answer.status).toBe(400)
    expect(answer.json()).toMatchObject({ detail: expect.stringMatching(/^\?\w+= is /) })
  },
)

test.each([
  ['a domain of others', 'two.example', ofOne, { action: 'confirm' }, 403],
  ['a domain that is not configured', 'three.example', anybody, { action: 'confirm' }, 404],
  ['nothing that is known', 'one.example', anybody, { action: 'guess' }, 400],
  ['a domain that holds back nothing', 'one.example', ofOne, { action: 'reject' }, 200],
])('to judge %s', async (_what, domain, token, body, status) => {
  const answer = await ask(`/domains/${domain}/emptied`, token, 'POST', body)
  expect(answer.status).toBe(status)
  if (status === 200) expect(OpsJudged.parse(answer.json())).toMatchObject({ wereHeld: false })
})
