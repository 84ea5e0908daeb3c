import { type BareJid, parseRoster, type Roster, userFromJid } from '@rollcall/roster'
import { createLog, loadConfig, shardKeys, targetLog } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import { expect, onTestFinished } from 'vitest'
import { makeTarget } from '../../apps/gateway/src/make-target.ts'
import { startBackend, type TestBackend } from '../support/backend.ts'
import { type AppProcess, ownRedis, spawnApi, spawnApp, spawnWorker } from '../support/processes.ts'
import { startXmppServer, type XMPP_SERVERS, type XmppServer } from '../support/xmpp-server.ts'

/** Rollcall, whose gateways write rosters on a real XMPP server. */
export interface ServerSetup {
  readonly server: XmppServer
  readonly backend: TestBackend
  readonly targets: Record<string, Record<string, unknown>>
  readonly env: Record<string, string>
  /** Has the backend give these contacts, and tells Rollcall. */
  notify(rosters: Record<string, object>): Promise<void>
  /** Has the backend say that somebody is gone, and tells Rollcall. */
  remove(username: string): Promise<void>
  startGateway(): Promise<AppProcess>
}

export async function setUp(
  name: (typeof XMPP_SERVERS)[number],
  target: Record<string, unknown> = {},
  settings: Record<string, string> = {},
): Promise<ServerSetup> {
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
    ...settings,
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
    async remove(username) {
      backend.rosters.set(username, {})
      backend.set(username, 410)
      expect((await api.refresh([username])).body).toMatchObject({ updated: 0, errors: 1 })
      backend.unset(username)
    },
    async startGateway() {
      const gateway = await spawnApp('gateway', env)
      await gateway.waitForLine(/"msg":"Listening on/)
      return gateway
    },
  }
}

const urlOf = (gateway: AppProcess): string => String(gateway.logged(/Listening on/)[0]?.url)
export const ready = async (gateway: AppProcess) =>
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
async function rostersOn({ env }: ServerSetup, usernames: readonly string[]): Promise<Map<string, Roster>> {
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
export async function notOnServer(setup: ServerSetup, usernames: readonly string[]): Promise<string[]> {
  const found = await rostersOn(setup, usernames)
  return usernames.filter(
    (username) => JSON.stringify(items(found.get(username))) !== JSON.stringify(inBackend(setup.backend, username)),
  )
}

/** How far the target has come and how it does, as is written down, and what the change log reaches from and to. */
export async function placeOf({ env }: ServerSetup) {
  const redis = new Redis(String(env.REDIS_URL))
  try {
    const { changes } = shardKeys(0)
    const target = targetLog({ redis, target: 'server', shard: 0 })
    const [[[first = ''] = []], [[last = ''] = []], delivery, state] = await Promise.all([
      redis.xrange(changes, '-', '+', 'COUNT', 1),
      redis.xrevrange(changes, '+', '-', 'COUNT', 1),
      target.delivery(),
      target.state(),
    ])
    return { ...delivery, state, log: { first, last } }
  } finally {
    redis.disconnect()
  }
}

/** Whether the whole change log has arrived at the target, and nobody is gone through: what a gateway says may be a second old. */
export async function hasArrived(setup: ServerSetup): Promise<boolean> {
  const { position, walk, log } = await placeOf(setup)
  return position?.id === log.last && walk === null
}

/**
 * Until it is written down twice that the target follows again after an outage: before the second time, the gateway has
 * written down that it looks back.
 */
export async function looksBack(setup: ServerSetup): Promise<void> {
  let followed = ''
  const isSo = async (): Promise<boolean> => {
    const { state } = await placeOf(setup)
    const before = followed
    followed = state?.state === 'following' ? state.at : ''
    return before !== '' && followed > before
  }
  await expect.poll(isSo, { timeout: 60_000, interval: 100 }).toBe(true)
}
