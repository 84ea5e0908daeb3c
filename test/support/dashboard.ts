import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { BareJid, OpsAudit, type OpsAuditEntry } from '@rollcall/roster'
import { makeToken, type ShardKeys, shardKeys, shardOf } from '@rollcall/runtime'
import { Redis } from 'ioredis'
import type { Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { repositoryRoot } from '../../tools/src/index.ts'
import { type BackendOptions, startBackend, type TestBackend } from './backend.ts'
import type { BrowserOfFile, OpenOptions, Visitor } from './browser.ts'
import { type Rollcall, type RollcallOptions, startRollcall } from './rollcall.ts'

export interface DashboardOptions extends Partial<Pick<RollcallOptions, 'env' | 'workers' | 'redisUrl'>> {
  readonly backend?: BackendOptions
}

/** Who looks: somebody who may do everything, somebody who may only look, nobody. */
export type Who = 'operate' | 'view' | null

export interface Dashboard {
  readonly backend: TestBackend
  readonly rollcall: Rollcall
  readonly redis: Redis
  /** Of the operator ("maria"), of who may only look ("on-call"), and of the application ("contacts-app"). */
  readonly tokens: Readonly<Record<'operate' | 'view' | 'application', string>>
  /** `path` is below /ops. */
  open(path: string, options?: OpenOptions & { readonly as?: Who }): Promise<Visitor>
  /** As the application does, at its name: "contacts-app". */
  refresh(usernames: readonly string[]): Promise<Record<string, unknown>>
  /** Of the shard of a user of example.org. */
  keysOf(username: string): ShardKeys
  /** The newest first, but for logins. */
  audit(): Promise<readonly OpsAuditEntry[]>
  stop(): Promise<void>
}

export const DOMAIN = 'example.org'
export const jidOf = (username: string): BareJid => BareJid.parse(`${username}@${DOMAIN}`)

/** Until the view of that title has what it shows. */
export async function untilShown(page: Page, title: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor()
  await expect.poll(() => page.getByText(/^Loading /).count()).toBe(0)
}

const DIRECTORY = join(repositoryRoot, 'apps/dashboard/dist')

/** `startDashboard` for one test, with which it ends. */
export async function dashboardOfTest(browser: BrowserOfFile, options?: DashboardOptions): Promise<Dashboard> {
  const dashboard = await startDashboard(browser, options)
  onTestFinished(dashboard.stop)
  return dashboard
}

/** A backend of example.org, an api, workers, and the built dashboard. Who starts it stops it. */
export async function startDashboard(
  browser: BrowserOfFile,
  { env = {}, backend: backendOptions, ...options }: DashboardOptions = {},
): Promise<Dashboard> {
  if (!existsSync(DIRECTORY)) throw new Error('The dashboard has not been built: npm run build')
  const application = makeToken({ name: 'contacts-app', rights: ['notify', 'read'], domains: '*' })
  const operate = makeToken({ name: 'maria', rights: ['view', 'operate'], domains: '*' })
  const view = makeToken({ name: 'on-call', rights: ['view'], domains: '*' })
  const tokens = { operate: operate.token, view: view.token, application: application.token }
  const backend = await startBackend(backendOptions)
  const rollcall = await startRollcall({
    ...options,
    rosterUrl: backend.template,
    dashboardDirectory: DIRECTORY,
    env: { XMPP_DOMAIN: DOMAIN, TOKENS: JSON.stringify([application.entry, operate.entry, view.entry]), ...env },
  })
  const redis = new Redis(rollcall.redisUrl)
  const { url } = rollcall.api

  return {
    backend,
    rollcall,
    redis,
    tokens,
    open: (path, { as = 'operate', ...openOptions } = {}) =>
      browser.open(`${url}/ops${path}`, {
        ...openOptions,
        before: async (context) => {
          await openOptions.before?.(context)
          if (as === null) return
          const login = { data: { token: tokens[as] }, headers: { origin: url } }
          const response = await context.request.post(`${url}/ops/api/session`, login)
          if (!response.ok()) throw new Error(`The login was answered with ${response.status()}`)
        },
      }),
    refresh: async (usernames) =>
      (await rollcall.refresh(usernames, { authorization: `Bearer ${application.token}` })).body,
    keysOf: (username) => shardKeys(shardOf(jidOf(username), rollcall.config.shards)),
    async audit() {
      const headers = { authorization: `Bearer ${operate.token}` }
      const { text } = await rollcall.send('/ops/api/audit', { headers })
      return OpsAudit.parse(JSON.parse(text)).entries.filter(({ action }) => action !== 'log-in')
    },
    async stop() {
      redis.disconnect()
      await rollcall.stop()
      await backend.close()
    },
  }
}
