import { OpsFailedUsers, OpsFailures } from '@rollcall/roster'
import { makeToken, type Right } from '@rollcall/runtime'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startBackend, type TestBackend } from '../support/backend.ts'
import { type Rollcall, startRollcall } from '../support/rollcall.ts'

const tokenFor = (name: string, rights: readonly Right[], domains: '*' | readonly string[] = '*') =>
  makeToken({ name, rights, domains: domains as '*' })

const app = tokenFor('app', ['notify', 'read'])
const anybody = tokenFor('on-call', ['view', 'operate'])
const ofOne = tokenFor('of-one', ['view', 'operate'], ['one.example'])
type Token = typeof app

let backend: TestBackend
let rollcall: Rollcall

beforeAll(async () => {
  backend = await startBackend()
  rollcall = await startRollcall({
    rosterUrl: backend.template,
    env: {
      TOKENS: JSON.stringify([app, anybody, ofOne].map(({ entry }) => entry)),
      SHARDS: '2',
      JOB_ATTEMPTS: '1',
      BREAKER_FAILURES: '10000',
    },
    file: JSON.stringify({
      httpRosterUrl: backend.template,
      domains: { 'one.example': {}, 'two.example': {} },
      defaultDomain: 'one.example',
    }),
  })
})
afterEach(() => backend.unset())
afterAll(async () => {
  await rollcall.stop()
  await backend.close()
})

const bearer = ({ token }: Token) => ({ authorization: `Bearer ${token}` })
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

test.each(['?code=no-code', '?domain=not%20a%20domain', '/users?limit=0', '/users?limit=x', '/users?after=x'])(
  'what is no filter is refused, and said: %s',
  async (query) => {
    const answer = await ask(`/failures${query}`, anybody)
    expect(answer.status).toBe(400)
    expect(answer.json()).toMatchObject({ detail: expect.stringMatching(/^\?\w+= is /) })
  },
)
