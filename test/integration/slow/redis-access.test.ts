import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { copyFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { BareJid, Domain } from '@rollcall/roster'
import {
  connectRedis,
  createLog,
  deliveryOfUser,
  makeToken,
  refreshId,
  refreshOwnerKey,
  rosterStore,
  shardKeys,
  targetLog,
} from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { listingOf } from '../../../apps/api/src/refresh-index.ts'
import { refreshRecords } from '../../../apps/api/src/refresh-records.ts'
import { freePort, repositoryRoot } from '../../../tools/src/index.ts'
import { startBackend, type TestBackend } from '../../support/backend.ts'
import { listenTo } from '../../support/event-source.ts'
import { type SendOptions, send } from '../../support/http.ts'
import { ownRedis, temporaryDirectory } from '../../support/processes.ts'
import { type Rollcall, startRollcall } from '../../support/rollcall.ts'

let backend: TestBackend

beforeEach(async () => {
  backend = await startBackend()
})
afterEach(() => backend.close())

const ACL_FILE = join(repositoryRoot, 'deploy/redis/users.acl')
const API = { REDIS_USERNAME: 'rollcall-api', REDIS_PASSWORD: 'change-me' }
const GATEWAY = { REDIS_USERNAME: 'rollcall-gateway', REDIS_PASSWORD: 'change-me-three' }
const WORKER = { REDIS_USERNAME: 'rollcall-worker', REDIS_PASSWORD: 'change-me-too' }

describe('with the rights of deploy/redis/users.acl', () => {
  let rollcall: Rollcall
  let admin: Redis

  beforeEach(async () => {
    const directory = await temporaryDirectory()
    const aclfile = join(directory, 'users.acl')
    await copyFile(ACL_FILE, aclfile)
    const { url } = await ownRedis({ args: ['--aclfile', aclfile] })
    admin = new Redis(url)
    const env = { ...API, REFRESH_DEADLINE_MS: '4000', SWEEP_INTERVAL_MS: '300', SWEEP_GRACE_MS: '0' }
    rollcall = await startRollcall({ rosterUrl: backend.template, redisUrl: url, workers: 0, env })
    await rollcall.startWorker(WORKER)
  })
  afterEach(async () => {
    await rollcall.stop()
    admin.disconnect()
  })

  const jid = (username: string) => `${username}@localhost` as BareJid
  function connectionOf({ REDIS_USERNAME: username, REDIS_PASSWORD: password }: typeof API): Redis {
    const redis = new Redis(admin.options.port ?? 0, { username, password })
    onTestFinished(() => redis.disconnect())
    return redis
  }
  const storeOf = (role: typeof API) =>
    rosterStore({ ...rollcall.config, redis: connectionOf(role), changesMaxLen: 1000 })
  const looked = (path: string, method = 'GET') => rollcall.send(`/ops/api/${path}`, { method })
  const isDone = async (username: string) => {
    const { status, body } = await rollcall.refresh([username])
    return status === 200 && body.updated === 1
  }

  test('all goes on that the roles are for, and nothing is asked for that they may not', async () => {
    backend.set('broken', 400)
    const { body } = await rollcall.refresh(['john', 'mary', 'broken'])
    expect(body).toMatchObject({ updated: 2, errors: 1 })
    expect((await rollcall.send('/contacts/john')).status).toBe(200)
    expect((await rollcall.send('/contacts/at-login')).status).toBe(200)
    expect((await rollcall.send(`/v1/refreshes/${body.refresh}`)).json()).toMatchObject({ state: 'done', updated: 2 })
    expect((await rollcall.refresh(['john', 'john'])).body).toMatchObject({ updated: 1, changed: 0 })

    // A user whose job was lost, by the sweep.
    await admin.hset(shardKeys(0).user(jid('swept')), 'wanted', 1)
    await admin.zadd(shardKeys(0).open, 1, jid('swept'))
    await backend.arrived('swept')
    // A refresh whose api died.
    const id = refreshId(0)
    const dead = refreshRecords({ redis: admin, replica: 'api-dead', ttlS: 60, index: { accepted: listingOf } })
    const unusable = { count: 0, failures: [] }
    const domain = 'localhost' as Domain
    const header = { id, caller: 'app', domain, acceptedAt: new Date().toISOString(), total: 1, unusable, chunks: 1 }
    await dead.accept(header, [{ shard: 0, users: [jid('resumed')] }])
    dead.close()
    await admin.del(refreshOwnerKey(id))
    await backend.arrived('resumed')
    // A pause that the backend asks for.
    backend.set('paused', [{ kind: 'raw', status: 503, headers: { 'retry-after': '1' } }, { kind: 'good' }])
    expect(await isDone('paused')).toBe(true)
    // What happens seldom, or when an operator asks for it.
    const api = storeOf(API)
    await api.use([jid('john')])
    await api.heldDomains()
    await api.judgeEmptied('localhost' as Domain, 'confirm')
    await api.repairNow('localhost' as Domain)
    const [broken] = await api.failureParts()
    if (!broken) throw new Error('Nobody failed')
    expect(await api.failureGroups([broken])).toMatchObject([{ count: 1, last: { jid: jid('broken') } }])
    await actOnMany()
    expect(await api.dismiss(broken, Date.now() + 60_000, 1)).toBe(1)
    await useDashboard()
    const paths = ['users?prefix=j', 'users/john', 'changes', 'changes?user=john', 'queues/0/jobs']
    for (const path of paths) expect((await looked(path)).status).toBe(200)
    for (const action of ['refresh', 'compare', 'drop'])
      expect((await looked(`users/at-login/${action}`, 'POST')).status).toBe(200)
    for (const action of ['pause', 'resume']) expect((await looked(`queues/all/${action}`, 'POST')).status).toBe(200)
    const limits = JSON.stringify({ globalConcurrency: null, rateLimit: null })
    expect((await rollcall.send('/ops/api/queues/all/limits', { method: 'PUT', body: limits })).status).toBe(200)
    const tail = await listenTo(`${rollcall.api.url}/ops/api/changes/live`)
    await rollcall.refresh(['somebody'])
    await tail.until((events) => events.some(({ event }) => event === 'change'))
    await deliveryOfUser(connectionOf(API), 0, 'hook', jid('john'))
    const worker = storeOf(WORKER)
    await worker.repair(0)
    await worker.aged(0, 1)
    await worker.dropUnused(0, 1)
    expect((await rollcall.send('/health/ready')).json()).toMatchObject({ status: 'ok', reasons: [] })
    // What the dashboard and Prometheus look at.
    for (const path of ['/ops/api/snapshot', '/ops/api/history?range=1h', '/metrics'])
      expect((await rollcall.send(path)).status, path).toBe(200)
    expect(await refusals()).toEqual([])
  })

  test('a gateway tells targets, compares, looks for drift and answers, and asks for nothing that it may not', async () => {
    const told = createServer((_, response) => response.end()).listen(0, '127.0.0.1')
    await once(told, 'listening')
    onTestFinished(() => void told.close())
    const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
    const url = `http://127.0.0.1:${(told.address() as AddressInfo).port}`
    await rollcall.startGateway({
      ...GATEWAY,
      TARGETS: JSON.stringify({
        hook: { type: 'webhook', url, secret },
        server: { type: 'ejabberd-http', url, driftIntervalS: 1, backoffMs: 50, maxBackoffMs: 100 },
      }),
    })
    expect(await isDone('john')).toBe(true)
    const log = targetLog({ redis: connectionOf(GATEWAY), target: 'hook', shard: 0 })
    await log.ask([{ id: 'by-hand', user: jid('john'), dryRun: false }])
    await expect.poll(async () => Object.keys(await log.answers('by-hand'))).toEqual([jid('john')])
    await expect.poll(async () => (await log.attempts(1))[0]?.result).toBe('arrived')
    await log.owe(jid('john'), 1)
    await log.settle(jid('john'))
    await log.disable()
    await log.enable()
    expect(await refusals()).toEqual([])
  })

  /** Failures are asked for again, and a refresh is cancelled while its users wait. */
  async function actOnMany(): Promise<void> {
    const act = (path: string) => rollcall.send(`/ops/api${path}`, { method: 'POST', body: '{}' })
    expect((await act('/failures/retry')).json()).toMatchObject({ users: 1 })
    const running = async () => (await rollcall.send('/ops/api/refreshes?state=running')).json().refreshes
    await expect.poll(running).toEqual([])
    expect((await act('/queues/all/pause')).status).toBe(200)
    const waits = await rollcall.send('/roster_admin/refresh/cancelled')
    const path = String(waits.headers.location).replace('/v1', '')
    expect((await act(`${path}/cancel`)).json()).toEqual({ done: 1, left: 0 })
    expect((await act('/queues/all/resume')).status).toBe(200)
  }

  /** Logs in, makes a token and takes it away, and reads who did what. */
  async function useDashboard(): Promise<void> {
    const { token, entry } = makeToken({ name: 'alice', rights: ['view', 'operate'], domains: '*' })
    const api = await rollcall.startApi({ TOKENS: JSON.stringify([entry]) })
    const page = { origin: api.url }
    const login = await send(`${api.url}/ops/api/session`, {
      method: 'POST',
      headers: page,
      body: JSON.stringify({ token }),
    })
    const headers = { ...page, cookie: login.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '' }
    const ask = (path: string, options: SendOptions = {}) => send(`${api.url}/ops/api${path}`, { headers, ...options })
    const body = JSON.stringify({ name: 'for-a-while', rights: ['view'], domains: '*' })
    const made = (await ask('/tokens', { method: 'POST', body })).json<{ entry: { id: string } }>()
    expect((await ask('/tokens')).status).toBe(200)
    expect((await ask(`/tokens/${made.entry.id}`, { method: 'DELETE' })).status).toBe(204)
    const { entries } = (await ask('/audit')).json<{ entries: { action: string }[] }>()
    expect(entries[0]).toMatchObject({ action: 'revoke-token' })
    expect((await ask('/session', { method: 'DELETE' })).status).toBe(204)
    await api.stop()
  }

  test('a gateway can write neither rosters nor the change log', async () => {
    const redis = connectionOf(GATEWAY)
    await expect(redis.hset(shardKeys(0).roster(jid('john')), 'body', 'x')).rejects.toThrow('NOPERM')
    await expect(redis.xadd(shardKeys(0).changes, '*', 'user', 'x')).rejects.toThrow('NOPERM')
    await expect(redis.hset(shardKeys(0).user(jid('john')), 'wanted', 1)).rejects.toThrow('NOPERM')
  })

  /** What Redis has refused to somebody for want of a right. */
  const refusals = async () => ((await admin.acl('LOG')) as unknown[]).map(String)

  test.each([
    ['rollcall-api', '-@hash'],
    ['rollcall-api', '-@sortedset'],
    ['rollcall-api', '-@transaction'],
    ['rollcall-api', '-eval -evalsha'],
    ['rollcall-worker', '-@hash'],
    ['rollcall-worker', '-@list'],
    ['rollcall-worker', '-@stream'],
    ['rollcall-worker', '-publish'],
    ['rollcall-worker', '-evalsha -eval'],
  ])('%s needs what %s takes away', async (user, rights) => {
    expect(await isDone('before')).toBe(true)
    await admin.acl('SETUSER', user, ...rights.split(' '))
    await admin.acl('LOG', 'RESET')
    await isDone('without').catch(() => false)
    expect(await refusals()).not.toEqual([])
  })

  test('an api can write neither rosters nor the change log, nor look into other data', async () => {
    const api = new Redis(admin.options.port ?? 0, { username: 'rollcall-api', password: 'change-me' })
    onTestFinished(() => api.disconnect())
    const { roster, changes } = shardKeys(0)
    await expect(api.hset(roster(jid('john')), 'body', '{}')).rejects.toThrow('NOPERM')
    await expect(api.xadd(changes, '*', 'user', 'x')).rejects.toThrow('NOPERM')
    await expect(api.get('sessions:of-another-application')).rejects.toThrow('NOPERM')
    await expect(api.flushall()).rejects.toThrow('NOPERM')
    await expect(api.config('GET', 'requirepass')).rejects.toThrow('NOPERM')
    expect(await api.hget(roster(jid('john')), 'body')).toBeNull()
  })
})

describe('TLS', () => {
  test('is spoken with the authority of REDIS_CA_FILE, and refused with any other', async () => {
    const { ca, certificate, key } = await certificates()
    const tlsPort = await freePort()
    await ownRedis({
      args: [
        ...['--tls-port', String(tlsPort), '--tls-auth-clients', 'no', '--tls-ca-cert-file', ca],
        ...['--tls-cert-file', certificate, '--tls-key-file', key],
      ],
    })
    const REDIS_URL = `rediss://127.0.0.1:${tlsPort}`
    const rollcall = await startRollcall({ rosterUrl: backend.template, env: { REDIS_URL, REDIS_CA_FILE: ca } })
    expect((await rollcall.refresh(['john', 'mary'])).body).toMatchObject({ updated: 2, errors: 0 })
    expect((await rollcall.send('/contacts/john')).status).toBe(200)
    await rollcall.stop()

    const lines: string[] = []
    const log = createLog({ name: 'test', level: 'info', destination: { write: (line) => void lines.push(line) } })
    const place = { kind: 'one', url: REDIS_URL, tls: {} } as const
    const other = connectRedis({ place, role: 'request', name: 'other', timeoutMs: 1_000, log })
    onTestFinished(() => other.disconnect())
    await expect.poll(() => lines.join('')).toMatch(/self-signed certificate|unable to verify/)
    expect(other.status).not.toBe('ready')
  })
})

/** An authority, and a certificate of 127.0.0.1 that it has signed. */
async function certificates(): Promise<{ ca: string; certificate: string; key: string }> {
  const directory = await temporaryDirectory()
  const [ca, caKey, certificate, key] = ['ca.pem', 'ca-key.pem', 'redis.pem', 'redis-key.pem'].map((name) =>
    join(directory, name),
  ) as [string, string, string, string]
  const openssl = (...args: string[]) => promisify(execFile)('openssl', args)
  const fresh = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  await openssl(...fresh, '-subj', '/CN=Authority of a test', '-keyout', caKey, '-out', ca)
  const signed = ['-CA', ca, '-CAkey', caKey, '-addext', 'subjectAltName=IP:127.0.0.1']
  await openssl(...fresh, '-subj', '/CN=Redis of a test', ...signed, '-keyout', key, '-out', certificate)
  return { ca, certificate, key }
}
