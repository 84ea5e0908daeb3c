import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startBackend, type TestBackend } from '../../support/backend.ts'
import { untilMinuteIsYoung } from '../../support/emptied-minute.ts'
import { type Rollcall, startRollcall, twoDomains } from '../../support/rollcall.ts'
import { bearer, tokenFor, tokensOf } from '../../support/tokens.ts'

// A backend that has lost its data answers with an empty roster for everybody.

const LEAST = 5
const users = Array.from({ length: 30 }, (_, i) => `user-${i}`)

let backend: TestBackend

beforeAll(async () => {
  backend = await startBackend()
})
afterAll(() => backend.close())

async function start(env: Record<string, string> = {}): Promise<Rollcall> {
  backend.rosters.clear()
  const rollcall = await startRollcall({
    rosterUrl: backend.template,
    env: { EMPTIED_MIN: String(LEAST), SWEEP_INTERVAL_MS: '100', ...env },
  })
  onTestFinished(() => rollcall.stop())
  return rollcall
}

/** Rollcall with a roster for everybody, whose backend is emptied a minute later. */
async function startAndEmpty(): Promise<Rollcall> {
  const rollcall = await start()
  const redis = new Redis(rollcall.redisUrl)
  onTestFinished(() => redis.disconnect())
  await rollcall.refresh(users)
  await redis.del('rollcall:{0}:emptied')
  await untilMinuteIsYoung(redis)
  // The worker still remembers what it has not told: less than what is told at once.
  for (const user of users) backend.rosters.set(user, {})
  return rollcall
}

const ready = async (rollcall: Rollcall) => (await rollcall.send('/health/ready')).json()
const judge = (rollcall: Rollcall, body: unknown, domain = 'localhost', headers = {}) =>
  rollcall.send(`/v1/domains/${domain}/emptied`, { method: 'POST', body: JSON.stringify(body), headers })
async function emptied(rollcall: Rollcall): Promise<number> {
  const rosters = await Promise.all(users.map((user) => rollcall.send(`/contacts/${user}`)))
  return rosters.filter(({ text }) => text === '{}').length
}

test('most rosters of an emptied backend are held back and served as they were, and whoever asked is told why', async () => {
  const rollcall = await startAndEmpty()
  const { status, body } = await rollcall.refresh(users)
  expect(status).toBe(200)
  const gone = await emptied(rollcall)
  expect(gone).toBeGreaterThanOrEqual(LEAST)
  expect(gone).toBeLessThan(users.length / 2 + LEAST)
  expect(body).toMatchObject({ updated: gone, errors: users.length - gone })
  expect(new Set((body.failures as { code: string }[]).map(({ code }) => code))).toEqual(new Set(['roster-held']))
  const reason = /^The backend of localhost gives empty rosters; they are held back since \d{4}-.*, until somebody/
  expect(await ready(rollcall)).toMatchObject({ status: 'degraded', reasons: [expect.stringMatching(reason)] })
})

test('confirmed, they are emptied without another notice', async () => {
  const rollcall = await startAndEmpty()
  const { body } = await rollcall.refresh(users)
  expect((await judge(rollcall, { action: 'confirm' })).json()).toEqual({
    domain: 'localhost',
    action: 'confirm',
    wereHeld: true,
    fetchedAgain: body.errors,
  })
  await expect.poll(() => emptied(rollcall)).toBe(users.length)
  await expect.poll(() => ready(rollcall)).toMatchObject({ status: 'ok', reasons: [] })
})

test('rejected when the backend is mended, they are what the backend has now', async () => {
  const rollcall = await startAndEmpty()
  await rollcall.refresh(users)
  const gone = await emptied(rollcall)
  for (const user of users) backend.rosters.set(user, { 'new@example.org': {} })
  expect((await judge(rollcall, { action: 'reject' })).json()).toMatchObject({ wereHeld: true })
  const mended = async () => {
    const rosters = await Promise.all(users.map((user) => rollcall.send(`/contacts/${user}`)))
    return rosters.filter(({ text }) => text.includes('new@example.org')).length
  }
  await expect.poll(mended).toBe(users.length - gone)
  await expect.poll(() => ready(rollcall)).toMatchObject({ status: 'ok', reasons: [] })
})

test('a user without contacts, and a few who lose theirs, are nothing to look at', async () => {
  const rollcall = await start()
  for (const user of users) backend.rosters.set(user, {})
  expect((await rollcall.refresh(users)).body).toMatchObject({ updated: users.length, errors: 0 })
  expect((await rollcall.refresh(users)).body).toMatchObject({ updated: users.length, errors: 0 })
})

describe('who may judge, and what', () => {
  const operator = tokenFor('operator', ['operate'])
  const app = tokenFor('app', ['notify', 'read', 'view'])
  const elsewhere = tokenFor('elsewhere', ['operate'], ['two.example'])
  let rollcall: Rollcall

  beforeAll(async () => {
    rollcall = await startRollcall({
      rosterUrl: backend.template,
      workers: 0,
      env: { TOKENS: tokensOf(operator, app, elsewhere) },
      file: twoDomains('one.example'),
    })
  })
  afterAll(() => rollcall.stop())

  test.each([
    ['operate', 200, operator],
    ['everything else', 403, app],
    ['operate for another domain', 403, elsewhere],
  ])('%s: %i', async (_, status, token) => {
    expect((await judge(rollcall, { action: 'confirm' }, 'ONE.example', bearer(token))).status).toBe(status)
  })

  test('no token: 401', async () => {
    expect((await judge(rollcall, { action: 'confirm' }, 'one.example')).status).toBe(401)
  })

  test.each([[{}], [{ action: 'maybe' }], [{ action: 'confirm', more: 1 }], ['confirm'], [null]])(
    '400 for %j',
    async (body) => {
      const { status, headers, text } = await judge(rollcall, body, 'one.example', bearer(operator))
      expect(status).toBe(400)
      expect(headers['content-type']).toMatch(/^application\/problem\+json/)
      expect(text).toContain('confirm')
    },
  )

  test('400 for what is no JSON, or nothing', async () => {
    for (const body of ['{', '']) {
      const options = { method: 'POST', body, headers: bearer(operator) }
      expect((await rollcall.send('/v1/domains/one.example/emptied', options)).status).toBe(400)
    }
  })

  test.each(['three.example', 'a%20b', '%00', '..%2f'])('404 for the domain %s', async (domain) => {
    expect((await judge(rollcall, { action: 'confirm' }, domain, bearer(operator))).status).toBe(404)
  })

  test('405 for a look', async () => {
    const options = { headers: bearer(operator) }
    expect((await rollcall.send('/v1/domains/one.example/emptied', options)).status).toBe(405)
  })
})
