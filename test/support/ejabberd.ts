import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, freePort, repositoryRoot, startEjabberdServer } from '../../tools/src/index.ts'
import { send } from './http.ts'
import { replaceOnce } from './replace-once.ts'

export type TestEjabberd = Awaited<ReturnType<typeof startEjabberd>>

/** The domains it serves: one for Rollcall, and another one. */
export const EJABBERD_DOMAINS = ['localhost', 'elsewhere.test'] as const
/** The account of deploy/ejabberd. */
const ACCOUNT = { username: 'rollcall', password: 'not-so-secret' }

/** ejabberd on free ports, configured as deploy/ejabberd says. Who starts it stops it: `afterAll(() => ejabberd.stop())`. */
export async function startEjabberd() {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-ejabberd-'))
  const started = await bootOnFreePorts(directory)
  const { ports } = started
  let { child } = started

  /** Any command of ejabberd. Throws unless it says that all is well. */
  async function command<T = unknown>(name: string, args: object): Promise<T> {
    const { status, text } = await send(`${apiAt(ports.tests)}/${name}`, { method: 'POST', body: JSON.stringify(args) })
    if (status !== 200) throw new Error(`ejabberd answered ${name} with ${status}: ${text}`)
    return JSON.parse(text) as T
  }

  async function register(username: string, host: string = EJABBERD_DOMAINS[0], password = 'secret'): Promise<void> {
    const exists = await command<0 | 1>('check_account', { user: username, host })
    if (exists !== 0) await command('register', { user: username, host, password })
  }
  const registerRollcall = () => register(ACCOUNT.username, undefined, ACCOUNT.password)

  await registerRollcall()
  return {
    /** Of mod_http_api, as the gateway is told. */
    url: apiAt(ports.api),
    apiPort: ports.api,
    /** Of every request to it. */
    headers: { Authorization: basic(`${ACCOUNT.username}@${EJABBERD_DOMAINS[0]}`, ACCOUNT.password) },
    /** Where clients log in, without TLS. */
    service: `xmpp://127.0.0.1:${ports.clients}`,
    command,
    /** An account with the password `secret`, if there is none yet. */
    register,
    pid: () => child.pid,
    /** Nothing is written out, nobody is told. */
    async kill(): Promise<void> {
      child.kill('SIGKILL')
      await child.exited
    },
    /** After `kill()`: on the same ports, with the same data but for that of the last moments. */
    async start(): Promise<void> {
      child = await boot(directory, ports)
      await registerRollcall()
    },
    async stop(): Promise<void> {
      child.kill('SIGKILL')
      await child.exited
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export const basic = (jid: string, password: string): string =>
  `Basic ${Buffer.from(`${jid}:${password}`).toString('base64')}`

interface Ports {
  /** Of deploy/ejabberd. */
  readonly api: number
  /** On which the tests may do anything. */
  readonly tests: number
  readonly clients: number
}

const apiAt = (port: number): string => `http://127.0.0.1:${port}/api`

const ATTEMPTS = 5
const READY_MS = 60_000

async function bootOnFreePorts(directory: string): Promise<{ ports: Ports; child: Child }> {
  for (let attempt = 1; ; attempt += 1) {
    const ports = { api: await freePort(), tests: await freePort(), clients: await freePort() }
    try {
      return { ports, child: await boot(directory, ports) }
    } catch (error) {
      // Somebody else was faster.
      if (attempt === ATTEMPTS || !/eaddrinuse/.test(String(error))) throw error
    }
  }
}

async function boot(directory: string, ports: Ports): Promise<Child> {
  const fragment = join(directory, 'rollcall.yml')
  await writeFile(fragment, await deployed(ports.api))
  const child = await startEjabberdServer({ directory, config: mainConfig(fragment, ports) })
  try {
    await child.waitForUrl(`${apiAt(ports.tests)}/status`, { timeoutMs: READY_MS })
    return child
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

/** As it stands in deploy/ejabberd, but for the port and the domain. */
async function deployed(port: number): Promise<string> {
  const text = await readFile(join(repositoryRoot, 'deploy/ejabberd/rollcall.yml'), 'utf8')
  const moved = replaceOnce(text, 'port: 5281', `port: ${port}`)
  return replaceOnce(moved, 'user: rollcall@example.org', `user: rollcall@${EJABBERD_DOMAINS[0]}`)
}

const mainConfig = (fragment: string, ports: Ports): string => `
hosts: ${JSON.stringify(EJABBERD_DOMAINS)}
loglevel: warning
include_config_file:
  - ${JSON.stringify(fragment)}
listen:
  - port: ${ports.clients}
    ip: 127.0.0.1
    module: ejabberd_c2s
  - port: ${ports.tests}
    ip: 127.0.0.1
    module: ejabberd_http
    tag: tests
    request_handlers:
      /api: mod_http_api
api_permissions:
  tests:
    from:
      - mod_http_api
      - tag: tests
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
