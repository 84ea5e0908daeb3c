import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONFIG_ENVIRONMENT, makeToken } from '@rollcall/runtime'
import { type App, appArgs } from '../app-command.ts'
import { type Child, startChild } from '../child.ts'
import { freePort } from '../free-port.ts'
import { startRedisServer } from '../redis-server.ts'
import { repositoryRoot } from '../repository.ts'
import { MADE_UP_DOMAINS, startBackends } from './backends.ts'

export type Stage = Awaited<ReturnType<typeof startStage>>

const WORKERS = 3
const EXAMPLE = 'example.org'

/**
 * A Rollcall of its own in processes of its own, in a directory that is gone afterwards: two apis, workers, a gateway, and
 * four applications: the example, and three made-up ones.
 */
export async function startStage() {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-screenshots-'))
  const stops: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })]
  const stop = async () => {
    for (const each of stops.toReversed()) await each()
  }
  const node = async (name: string, args: readonly string[], env: Record<string, string>): Promise<Child> => {
    const child = await startChild({
      name,
      command: process.execPath,
      args,
      cwd: directory,
      env: { ...nothingSet(), ...env },
    })
    stops.push(() => child.stop())
    return child
  }

  try {
    const redis = await startRedisServer({ directory: join(directory, 'redis') })
    stops.push(() => redis.stop())
    const backends = await startBackends()
    stops.push(() => backends.stop())
    const [apiPort, secondApiPort, gatewayPort, examplePort] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ]
    const example = `http://127.0.0.1:${examplePort}`
    const application = makeToken({ name: 'contacts-app', rights: ['notify', 'read'], domains: '*' })
    const lead = makeToken({ name: 'maria', rights: ['view', 'operate'], domains: '*' })
    const duty = makeToken({ name: 'on-call', rights: ['view'], domains: '*' })
    await writeFile(
      join(directory, 'rollcall.config.json'),
      JSON.stringify({
        redisUrl: redis.url,
        defaultDomain: EXAMPLE,
        domains: {
          [EXAMPLE]: { rosterUrl: `${example}/contacts/%s` },
          ...Object.fromEntries(MADE_UP_DOMAINS.map((domain) => [domain, settingsOf(domain, backends.url)])),
        },
        shards: 2,
        tokens: [application.entry, lead.entry, duty.entry],
        targets: targetsAt(backends.url),
      }),
    )

    await node('example', [join(repositoryRoot, 'examples/contacts-app/dist/main.js')], {
      PORT: String(examplePort),
      ROLLCALL_URL: `http://127.0.0.1:${apiPort}`,
      ROLLCALL_TOKEN: application.token,
      XMPP_DOMAIN: EXAMPLE,
    }).then((child) => child.waitForUrl(`${example}/health`))

    const app = (name: App, env: Record<string, string> = {}) => node(name, appArgs(name), env)
    const api = await app('api', { PORT: String(apiPort), DRAIN_MS: '0' })
    const url = `http://127.0.0.1:${apiPort}`
    await api.waitForUrl(`${url}/health/live`)
    await app('api', { PORT: String(secondApiPort), DRAIN_MS: '0' })
    for (let i = 0; i < WORKERS; i++) await app('worker')
    await app('gateway', { GATEWAY_PORT: String(gatewayPort) })
    await api.waitForUrl(`${url}/health/ready`)

    return {
      url,
      example,
      redisUrl: redis.url,
      backends,
      tokens: { application: application.token, operate: lead.token, view: duty.token },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const nothingSet = () => Object.fromEntries(CONFIG_ENVIRONMENT.map((name) => [name, undefined]))

function settingsOf(domain: (typeof MADE_UP_DOMAINS)[number], url: string) {
  const rosterUrl = `${url}/${domain}/%s`
  if (domain === 'chat.example.com') return { rosterUrl, backendTimeoutMs: 1_500 }
  return domain === 'campus.example.edu' ? { rosterUrl, maxConcurrent: 4 } : { rosterUrl }
}

const targetsAt = (url: string) => ({
  crm: { type: 'webhook', url: `${url}/webhook`, secret: SECRET },
  'search-index': { type: 'webhook', url: `${url}/webhook-down`, secret: SECRET },
  'chat-push': { type: 'webhook', domain: 'chat.example.com', url: `${url}/webhook`, secret: SECRET },
})

const SECRET = `whsec_${Buffer.alloc(24, 1).toString('base64')}`
