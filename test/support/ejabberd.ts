import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEjabberdServer } from '../../tools/src/ejabberd-server.ts'
import { freePort, repositoryRoot } from '../../tools/src/index.ts'
import { send } from './http.ts'

export type TestEjabberd = Awaited<ReturnType<typeof startEjabberd>>

/** The domains it serves: one for Rollcall, and another one. */
export const EJABBERD_DOMAINS = ['localhost', 'elsewhere.test'] as const
/** The account of deploy/ejabberd. */
const ACCOUNT = { username: 'rollcall', password: 'not-so-secret' }

/** ejabberd on free ports, configured as deploy/ejabberd says. Who starts it stops it: `afterAll(() => ejabberd.stop())`. */
export async function startEjabberd() {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-ejabberd-'))
  const ports = { api: await freePort(), tests: await freePort(), clients: await freePort() }
  const fragment = join(directory, 'rollcall.yml')
  await writeFile(fragment, await deployed(ports.api))
  const config = MAIN(fragment, ports)
  const testsUrl = `http://127.0.0.1:${ports.tests}/api`

  const boot = async () => {
    const child = await startEjabberdServer({ directory, config })
    await child.waitForUrl(`${testsUrl}/status`, { timeoutMs: 60_000 })
    return child
  }
  let child = await boot()

  /** Any command of ejabberd. Throws unless it says that all is well. */
  async function command<T = unknown>(name: string, args: object): Promise<T> {
    const { status, text } = await send(`${testsUrl}/${name}`, { method: 'POST', body: JSON.stringify(args) })
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
    url: `http://127.0.0.1:${ports.api}/api`,
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
      child = await boot()
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

/** As it stands in deploy/ejabberd, but for the port and the domain. */
async function deployed(port: number): Promise<string> {
  const text = await readFile(join(repositoryRoot, 'deploy/ejabberd/rollcall.yml'), 'utf8')
  return text
    .replace('port: 5281', `port: ${port}`)
    .replace('user: rollcall@example.org', `user: rollcall@${EJABBERD_DOMAINS[0]}`)
}

const MAIN = (fragment: string, ports: { readonly tests: number; readonly clients: number }): string => `
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
  mod_disco: {}
`
