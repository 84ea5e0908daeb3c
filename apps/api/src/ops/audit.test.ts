import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Domain } from '@rollcall/roster'
import { createLog } from '@rollcall/runtime'
import express from 'express'
import { Redis } from 'ioredis'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { freshRedisUrl } from '../../../../test/support/fresh-redis.ts'
import { send } from '../../../../test/support/http.ts'
import { refuser } from '../refusals.ts'
import { type AuditLog, auditLog, auditRoutes, NOBODY } from './audit.ts'
import { opsRouter } from './ops.ts'
import { type Operator, OpsError, type OpsRoute } from './route.ts'

const log = createLog({ level: 'silent', name: 'test' })
const ALICE: Operator = { name: 'alice', by: 'token', rights: ['view', 'operate'], domains: '*' }

let redis: Redis
let audit: AuditLog

beforeEach(async () => {
  redis = new Redis(await freshRedisUrl(), { retryStrategy: () => null })
  redis.on('error', () => {})
  audit = auditLog(redis, log)
  onTestFinished(() => redis.disconnect())
})

const ROUTES: OpsRoute[] = [
  {
    method: 'post',
    path: '/drop/:user',
    right: 'operate',
    scope: 'everywhere',
    action: 'drop-roster',
    async handle({ params: { user }, tell }) {
      tell(`${user}@example.org`)
      if (user === 'nobody') throw new OpsError(404, 'Nobody')
      if (user === 'broken') throw new Error('broken')
      tell(`${user}@example.org`, 3)
      return { dropped: true }
    },
  },
  { method: 'get', path: '/look', right: 'view', scope: 'domain', handle: async () => ({}) },
]

/** Asks as somebody. */
async function asking(operator: Operator = ALICE) {
  const routes = [...ROUTES, ...auditRoutes({ audit })]
  const app = express().set('query parser', 'simple')
  app.use(
    '/ops/api',
    opsRouter({
      routes,
      session: express.Router(),
      whoAsks: async () => ({ operator, pages: 'any' }),
      audit,
      refuse: refuser(log),
      log,
    }),
  )
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ops/api`
  return (path: string, method = 'POST') => send(url + path, { method })
}

const entries = async () => (await audit.read()).entries.map(({ id, at, ...entry }) => entry)

test('the audit log has every action: who, what, how many, and what came of it', async () => {
  const ask = await asking()
  expect((await ask('/drop/john')).json()).toEqual({ dropped: true })
  expect((await ask('/drop/nobody')).status).toBe(404)
  expect((await ask('/drop/broken')).status).toBe(500)
  await ask('/look', 'GET')
  const action = 'drop-roster'
  const { entries: written, next } = (await ask('/audit', 'GET')).json<{ entries: object[]; next: null }>()
  expect(written).toMatchObject([
    { who: 'alice', action, what: 'broken@example.org', result: 'failed' },
    { who: 'alice', action, what: 'nobody@example.org', result: 'refused' },
    { who: 'alice', action, what: 'john@example.org', count: 3, result: 'done' },
  ])
  expect(next).toBeNull()
  for (const { at } of written as { at: string }[]) expect(Date.now() - Date.parse(at)).toBeLessThan(60_000)
})

test('it has what somebody tried who has no right to', async () => {
  const viewer = await asking({ ...ALICE, name: 'victor', rights: ['view'] })
  expect((await viewer('/drop/john%40example.org')).status).toBe(403)
  const ofOne = await asking({ ...ALICE, name: 'olga', domains: ['one.example' as Domain] })
  expect((await ofOne('/drop/john%40example.org')).status).toBe(403)
  const refused = { action: 'drop-roster', what: '/drop/john@example.org', result: 'refused' }
  expect(await entries()).toEqual([
    { who: 'olga', ...refused },
    { who: 'victor', ...refused },
  ])
})

test('it is read in pages, and only by who may look at all domains', async () => {
  const ask = await asking()
  for (let i = 0; i < 101; i++) await audit.record({ who: 'alice', action: 'a', what: String(i), result: 'done' })
  const first = (await ask('/audit', 'GET')).json<{ entries: { what: string }[]; next: string }>()
  expect(first.entries).toHaveLength(100)
  const second = (await ask(`/audit?before=${first.next}`, 'GET')).json<{ entries: { what: string }[] }>()
  expect(second).toMatchObject({ entries: [{ what: '0' }], next: null })
  expect((await ask('/audit?before=%2B', 'GET')).status).toBe(400)
  const ofOne = await asking({ ...ALICE, domains: ['one.example' as Domain] })
  expect((await ofOne('/audit', 'GET')).status).toBe(403)
})

test('it stays bounded, and so does what is said in it', async () => {
  const many = redis.pipeline()
  for (let i = 0; i < 10_500; i++) many.xadd('rollcall:audit', '*', 'who', 'x')
  await many.exec()
  await audit.record({ who: 'alice', action: 'a', what: 'x'.repeat(9_000), result: 'done' })
  expect(await redis.xlen('rollcall:audit')).toBeLessThan(10_200)
  expect((await entries())[0]?.what).toHaveLength(500)
})

test('what has been done is answered, also when it cannot be written down', async () => {
  const ask = await asking()
  redis.disconnect()
  expect(await ask('/drop/john')).toMatchObject({ status: 200 })
  expect((await ask('/drop/broken')).status).toBe(500)
  expect((await ask('/audit', 'GET')).status).toBe(503)
})

test('who may only look pushes nothing out of the log', async () => {
  audit = auditLog(redis, log, { refused: 2, session: 2, nobody: 2 })
  const [asAlice, asVictor] = [await asking(), await asking({ ...ALICE, name: 'victor', rights: ['view'] })]
  await asAlice('/drop/john')
  for (let i = 0; i < 5; i++) expect((await asVictor('/drop/john')).status).toBe(403)
  await asAlice('/drop/marie')
  const { entries } = await audit.read()
  expect(entries.map(({ who }) => who)).toEqual(['alice', 'victor', 'victor', 'alice'])
})

test('nor does who is not known', async () => {
  audit = auditLog(redis, log, { refused: 0, session: 1, nobody: 2 })
  const login = { action: 'log-in', what: 'from 192.0.2.1' } as const
  for (let i = 0; i < 5; i++) await audit.record({ who: NOBODY, ...login, result: 'refused' })
  await audit.record({ who: 'alice', ...login, result: 'done' })
  expect((await entries()).map(({ who }) => who)).toEqual(['alice', 'nobody', 'nobody'])
})
