import { setTimeout as pause } from 'node:timers/promises'
import { type BareJid, parseRoster, type Roster, userFromJid } from '@rollcall/roster'
import { createLog, loadConfig, shardKeys, targetLog } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeTarget } from '../../apps/gateway/src/make-target.ts'
import { startBackend, type TestBackend } from '../support/backend.ts'
import { startHangingServer } from '../support/hanging-server.ts'
import { type AppProcess, ownRedis, spawnApi, spawnApp, spawnWorker } from '../support/processes.ts'
import { startXmppServer, XMPP_SERVERS, type XmppServer } from '../support/xmpp-server.ts'

interface Setup {
  readonly server: XmppServer
  readonly backend: TestBackend
  readonly targets: Record<string, Record<string, unknown>>
  readonly env: Record<string, string>
  /** Has the backend give these contacts, and tells Rollcall. */
  notify(rosters: Record<string, object>): Promise<void>
  startGateway(): Promise<AppProcess>
}

async function setUp(name: (typeof XMPP_SERVERS)[number], target: Record<string, unknown> = {}): Promise<Setup> {
  const [server, redis, backend] = await Promise.all([startXmppServer(name), ownRedis(), startBackend()])
  onTestFinished(() => backend.close())
  const targets = { server: { ...server.target, backoffMs: 200, maxBackoffMs: 1_000, ...target } }
  const env = {
    REDIS_URL: redis.url,
    HTTP_ROSTER_URL: backend.template,
    XMPP_DOMAIN: server.domain,
    TARGETS: JSON.stringify(targets),
    GATEWAY_PORT: '0',
    REFRESH_DEADLINE_MS: '60000',
    LEASE_MS: '2000',
    HEARTBEAT_MS: '500',
  }
  const api = await spawnApi(env)
  await spawnWorker(env)
  return {
    server,
    backend,
    targets,
    env,
    async notify(rosters) {
      for (const [username, roster] of Object.entries(rosters)) backend.rosters.set(username, roster)
      const { status, body } = await api.refresh(Object.keys(rosters))
      expect({ status, errors: body.errors, pending: body.pending ?? 0 }).toEqual({
        status: 200,
        errors: 0,
        pending: 0,
      })
    },
    async startGateway() {
      const gateway = await spawnApp('gateway', env)
      await gateway.waitForLine(/"msg":"Listening on/)
      return gateway
    },
  }
}

const urlOf = (gateway: AppProcess): string => String(gateway.logged(/Listening on/)[0]?.url)
const ready = async (gateway: AppProcess) =>
  (await (await fetch(`${urlOf(gateway)}/health/ready`)).json()) as {
    targets: {
      target: string
      state: string
      waiting: number
      lagMs: number
      writes: number
      lastError?: { code: string }
    }[]
    reasons: string[]
  }

/** The roster of each user as the server has it, read over a connection of the test's own. */
async function rostersOn({ env }: Setup, usernames: readonly string[]): Promise<Map<string, Roster>> {
  const [config] = loadConfig({ env, cwd: '/nonexistent' }).targets
  if (!config) throw new Error('no target')
  const target = makeTarget(config, { version: 'test', log: createLog({ level: 'silent', name: 'test' }) })
  if (target.kind !== 'roster') throw new Error('a target without rosters')
  const signal = AbortSignal.timeout(30_000)
  try {
    await target.check?.(signal)
    const found = new Map<string, Roster>()
    for (const username of usernames)
      found.set(username, await target.get(userFromJid(`${username}@${config.domain}` as BareJid), signal))
    return found
  } finally {
    await target.close()
  }
}

const items = (roster: Roster | undefined): string[] =>
  [...(roster?.values() ?? [])]
    .map(({ jid, name = '', groups, subscription }) => `${jid} ${name} ${groups} ${subscription}`)
    .sort()

function inBackend(backend: TestBackend, username: string): string[] {
  const parsed = parseRoster(JSON.stringify(backend.rosters.get(username)), { maxContacts: 10_000 })
  if (parsed.kind === 'invalid') throw new Error(parsed.message)
  return items(parsed.roster)
}

/** Of whom the server has another roster than the backend. */
async function notOnServer(setup: Setup, usernames: readonly string[]): Promise<string[]> {
  const found = await rostersOn(setup, usernames)
  return usernames.filter(
    (username) => JSON.stringify(items(found.get(username))) !== JSON.stringify(inBackend(setup.backend, username)),
  )
}

describe.each(XMPP_SERVERS)('%s', (name) => {
  test('one notice befriends two who are online; renames, groups and removals reach them too', async () => {
    const setup = await setUp(name)
    const { server, notify } = setup
    const at = (username: string) => `${username}@${server.domain}`
    await server.addUsers('john', 'aaron')
    const [john, aaron] = [await server.client('john'), await server.client('aaron')]
    await setup.startGateway()
    await notify({ john: {}, aaron: {} })

    await notify({
      john: { [at('aaron')]: { name: 'Aaron', groups: ['Friends'] } },
      aaron: { [at('john')]: { name: 'John', groups: ['Work', 'Football'] } },
    })
    const both = { subscription: 'both' }
    await expect
      .poll(() => john.pushes.at(-1), { timeout: 10_000 })
      .toMatchObject({ jid: at('aaron'), name: 'Aaron', groups: ['Friends'], ...both })
    await expect
      .poll(() => aaron.pushes.at(-1))
      .toMatchObject({ jid: at('john'), name: 'John', groups: ['Football', 'Work'], ...both })
    if (name === 'ejabberd') {
      // Prosody tells them of each other at the next presence or login.
      await expect.poll(() => john.presences.some(({ from }) => from.startsWith(at('aaron')))).toBe(true)
      await expect.poll(() => aaron.presences.some(({ from }) => from.startsWith(at('john')))).toBe(true)
    }
    await notify({ john: { [at('aaron')]: { name: 'Aaron B.', groups: ['Friends'] } } })
    await expect
      .poll(() => john.pushes.at(-1))
      .toMatchObject({ jid: at('aaron'), name: 'Aaron B.', groups: ['Friends'], ...both })
    await notify({ john: { [at('aaron')]: { name: 'Aaron B.', groups: ['Family'] } } })
    await expect.poll(() => john.pushes.at(-1)).toMatchObject({ name: 'Aaron B.', groups: ['Family'], ...both })
    await notify({ john: {}, aaron: {} })
    await expect.poll(() => john.pushes.at(-1)).toMatchObject({ jid: at('aaron'), subscription: 'remove' })
    await expect.poll(() => aaron.pushes.at(-1)).toMatchObject({ jid: at('john'), subscription: 'remove' })
    await expect.poll(() => notOnServer(setup, ['john', 'aaron'])).toEqual([])
  })

  test('of a roster of 1,000 contacts with one renamed, one is written', async () => {
    const setup = await setUp(name)
    const { server, notify } = setup
    await server.addUsers('john')
    const contacts = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`contact${i}@elsewhere.example`, { name: `Contact ${i}` }]),
    )
    const gateway = await setup.startGateway()
    await notify({ john: contacts })
    await expect
      .poll(async () => (await ready(gateway)).targets[0]?.writes, { timeout: 50_000, interval: 500 })
      .toBe(1000)
    const john = await server.client('john')
    await notify({ john: { ...contacts, 'contact500@elsewhere.example': { name: 'Somebody else' } } })
    await expect.poll(() => john.pushes.map((push) => push.name)).toEqual(['Somebody else'])
    await expect.poll(async () => (await ready(gateway)).targets[0]).toMatchObject({ writes: 1001, waiting: 0 })
  })

  test('G6: killed in the middle of many changes and back some time later, it gets all of them, and nobody is told twice', async () => {
    const setup = await setUp(name)
    const { server, notify } = setup
    const users = Array.from({ length: 300 }, (_, i) => `user${i}`)
    await server.addUsers(...users)
    const gateway = await setup.startGateway()
    const online = await Promise.all(users.slice(0, 10).map((username) => server.client(username)))
    const friend = 'friend@elsewhere.example'
    await notify(Object.fromEntries(users.map((username) => [username, { [friend]: { name: username } }])))
    await expect.poll(() => online.some(({ pushes }) => pushes.length > 0), { timeout: 10_000 }).toBe(true)
    await server.kill()
    await expect.poll(async () => (await ready(gateway)).targets[0]?.state, { timeout: 20_000 }).toBe('unavailable')
    await pause(2_000)
    await server.restart()
    const again = await Promise.all(users.slice(0, 10).map((username) => server.client(username)))
    // What came before this answer was new to them.
    const known = await Promise.all(
      again.map(async (client) => ({ contacts: (await client.roster()).length, pushes: client.pushes.length })),
    )
    await expect.poll(async () => (await ready(gateway)).targets[0]?.state, { timeout: 40_000 }).toBe('following')
    await pause(1_500) // then it has begun to look back
    await expect.poll(() => hasArrived(setup), { timeout: 40_000, interval: 200 }).toBe(true)
    gateway.kill('SIGTERM')
    await gateway.exited
    expect(await notOnServer(setup, users)).toEqual([])
    for (const [i, { pushes }] of again.entries())
      if (known[i]?.contacts === 1) expect(pushes.slice(known[i].pushes)).toEqual([])
  })

  test('G6: gateways that are killed again and again lose nothing', async () => {
    const setup = await setUp(name)
    const { server, notify } = setup
    const users = Array.from({ length: 200 }, (_, i) => `user${i}`)
    await server.addUsers(...users)
    const gateways = [await setup.startGateway(), await setup.startGateway(), await setup.startGateway()]
    for (let round = 0; round < 5; round++) {
      await notify(
        Object.fromEntries(users.map((username) => [username, { [`friend${round}@elsewhere.example`]: {} }])),
      )
      await pause(300)
      const states = await Promise.all(gateways.map(ready))
      const serving = states.findIndex(({ targets }) => targets.length > 0)
      const victim = gateways[Math.max(0, serving)]
      victim?.kill('SIGKILL')
      await victim?.exited
      gateways[Math.max(0, serving)] = await setup.startGateway()
    }
    await expect.poll(() => hasArrived(setup), { timeout: 40_000, interval: 200 }).toBe(true)
    for (const gateway of gateways) gateway.kill('SIGTERM')
    await Promise.all(gateways.map(({ exited }) => exited))
    expect(await notOnServer(setup, users)).toEqual([])
  })
})

/** Whether the whole change log has arrived at the target, as is written down: what a gateway says may be a second old. */
async function hasArrived({ env }: Setup): Promise<boolean> {
  const redis = new Redis(String(env.REDIS_URL))
  try {
    const [[last = ''] = []] = await redis.xrevrange(shardKeys(0).changes, '+', '-', 'COUNT', 1)
    const { position, walk } = await targetLog({ redis, target: 'server', shard: 0 }).delivery()
    return position?.id === last && walk === null
  } finally {
    redis.disconnect()
  }
}

test.each(XMPP_SERVERS)(
  'marked contacts only: on %s, a contact of the user himself survives every refresh',
  async (name) => {
    const setup = await setUp(name, { owns: { groups: ['Team'] } })
    const { server, notify } = setup
    await server.addUsers('john')
    const john = await server.client('john')
    await john.add('mum@elsewhere.example', { name: 'Mum', groups: ['Family'] })
    await setup.startGateway()
    const colleague = { 'boss@elsewhere.example': { name: 'Boss', groups: ['Team'] } }
    await notify({ john: colleague })
    await expect.poll(() => john.pushes.map(({ jid }) => jid), { timeout: 10_000 }).toContain('boss@elsewhere.example')
    await notify({ john: { 'other@elsewhere.example': { groups: ['Team'] } } })
    await expect.poll(() => john.pushes.at(-1)?.jid).toBe('other@elsewhere.example')
    await notify({ john: {} })
    await expect
      .poll(async () => (await john.roster()).map(({ jid, groups }) => ({ jid, groups })))
      .toEqual([{ jid: 'mum@elsewhere.example', groups: ['Family'] }])
  },
)

test('G7: while one server hangs, another target is told at once, and the state of the one that hangs says so', async () => {
  const setup = await setUp('Prosody')
  const { server, notify, env, targets } = setup
  const sink = await startHangingServer()
  Object.assign(env, {
    TARGETS: JSON.stringify({
      ...targets,
      hanging: { type: 'ejabberd-http', domain: server.domain, url: sink.url, timeoutMs: 500 },
    }),
  })
  await server.addUsers('john')
  const john = await server.client('john')
  const gateway = await setup.startGateway()
  for (let i = 0; i < 10; i++) {
    await notify({ john: { 'friend@elsewhere.example': { name: `${i}` } } })
    await expect.poll(() => john.pushes.at(-1)?.name, { timeout: 5_000 }).toBe(`${i}`)
  }
  const byName = async () => new Map((await ready(gateway)).targets.map((target) => [target.target, target]))
  await expect
    .poll(async () => (await byName()).get('hanging'))
    .toMatchObject({
      state: 'unavailable',
      lastError: { code: 'target-timeout' },
    })
  expect((await byName()).get('server')).toMatchObject({ state: 'following' })
})
