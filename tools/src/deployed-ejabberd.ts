import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Child } from './child.ts'
import { startEjabberdServer } from './ejabberd-server.ts'
import { freePort } from './free-port.ts'
import { replaceOnce } from './replace-once.ts'
import { repositoryRoot } from './repository.ts'

export interface DeployedEjabberdOptions {
  /** Of its own; made when it is not there. */
  readonly directory: string
  /** The domains it serves; Rollcall's account is in the first one. */
  readonly domains: readonly [string, ...string[]]
}

/** Of mod_http_api, as the gateway is told: `headers` belong to every request. */
export interface EjabberdHttpApi {
  readonly url: string
  readonly headers: { readonly Authorization: string }
}

export interface DeployedEjabberd extends EjabberdHttpApi {
  readonly apiPort: number
  /** Where clients log in, without TLS. */
  readonly service: string
  /** Any command of ejabberd. Throws unless it says that all is well. */
  command<T = unknown>(name: string, args: object): Promise<T>
  /** An account with the password `secret`, if there is none yet. */
  register(username: string, host?: string, password?: string): Promise<void>
  pid(): number
  /** Nothing is written out, nobody is told. */
  kill(): Promise<void>
  /** After `kill()`: on the same ports, with the same data but for that of the last moments. */
  start(): Promise<void>
}

/** The account of deploy/ejabberd. */
const ACCOUNT = { username: 'rollcall', password: 'not-so-secret' }
const READY_MS = 60_000
const PORT_ATTEMPTS = 5

/** ejabberd on free ports of 127.0.0.1, configured as deploy/ejabberd says, with a listener for commands of all kinds beside. */
export async function startDeployedEjabberd(options: DeployedEjabberdOptions): Promise<DeployedEjabberd> {
  const [domain] = options.domains
  const started = await bootOnFreePorts(options)
  const { ports } = started
  let { child } = started

  async function command<T = unknown>(name: string, args: object): Promise<T> {
    const answer = await fetch(`${apiAt(ports.commands)}/${name}`, { method: 'POST', body: JSON.stringify(args) })
    const text = await answer.text()
    if (answer.status !== 200) throw new Error(`ejabberd answered ${name} with ${answer.status}: ${text}`)
    return JSON.parse(text) as T
  }

  async function register(username: string, host: string = domain, password = 'secret'): Promise<void> {
    const exists = await command<0 | 1>('check_account', { user: username, host })
    if (exists !== 0) await command('register', { user: username, host, password })
  }
  const registerRollcall = () => register(ACCOUNT.username, undefined, ACCOUNT.password)

  async function kill(): Promise<void> {
    child.kill('SIGKILL')
    await child.exited
  }

  try {
    await registerRollcall()
  } catch (error) {
    await kill()
    throw error
  }
  return {
    url: apiAt(ports.api),
    headers: { Authorization: basic(`${ACCOUNT.username}@${domain}`, ACCOUNT.password) },
    apiPort: ports.api,
    service: `xmpp://127.0.0.1:${ports.clients}`,
    command,
    register,
    pid: () => child.pid,
    kill,
    async start() {
      child = await boot(options, ports)
      await registerRollcall()
    },
  }
}

export const basic = (jid: string, password: string): string =>
  `Basic ${Buffer.from(`${jid}:${password}`).toString('base64')}`

interface Ports {
  /** Of deploy/ejabberd. */
  readonly api: number
  /** On which everything may be done. */
  readonly commands: number
  readonly clients: number
}

const apiAt = (port: number): string => `http://127.0.0.1:${port}/api`

async function bootOnFreePorts(options: DeployedEjabberdOptions): Promise<{ ports: Ports; child: Child }> {
  for (let attempt = 1; ; attempt += 1) {
    const ports = { api: await freePort(), commands: await freePort(), clients: await freePort() }
    try {
      return { ports, child: await boot(options, ports) }
    } catch (error) {
      // Somebody else was faster.
      if (attempt === PORT_ATTEMPTS || !/eaddrinuse/.test(String(error))) throw error
    }
  }
}

async function boot({ directory, domains }: DeployedEjabberdOptions, ports: Ports): Promise<Child> {
  const fragment = join(directory, 'rollcall.yml')
  await mkdir(directory, { recursive: true })
  await writeFile(fragment, await deployed(ports.api, domains[0]))
  const child = await startEjabberdServer({ directory, config: mainConfig(fragment, domains, ports) })
  try {
    await child.waitForUrl(`${apiAt(ports.commands)}/status`, { timeoutMs: READY_MS })
    return child
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

/** As it stands in deploy/ejabberd, but for the port and the domain. */
async function deployed(port: number, domain: string): Promise<string> {
  const text = await readFile(join(repositoryRoot, 'deploy/ejabberd/rollcall.yml'), 'utf8')
  const moved = replaceOnce(text, 'port: 5281', `port: ${port}`)
  return replaceOnce(moved, 'user: rollcall@example.org', `user: rollcall@${domain}`)
}

const mainConfig = (fragment: string, domains: readonly string[], ports: Ports): string => `
hosts: ${JSON.stringify(domains)}
loglevel: warning
include_config_file:
  - ${JSON.stringify(fragment)}
listen:
  - port: ${ports.clients}
    ip: 127.0.0.1
    module: ejabberd_c2s
  - port: ${ports.commands}
    ip: 127.0.0.1
    module: ejabberd_http
    tag: commands
    request_handlers:
      /api: mod_http_api
api_permissions:
  commands:
    from:
      - mod_http_api
      - tag: commands
    who:
      ip: 127.0.0.0/8
    what: "*"
modules:
  mod_http_api: {}
  mod_admin_extra: {}
  mod_roster:
    versioning: true
    store_current_id: true
`
