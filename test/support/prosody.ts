import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFailed, onTestFinished } from 'vitest'
import {
  type Child,
  type ProsodyContact,
  type ProsodyPorts,
  replaceOnce,
  repositoryRoot,
  startProsodyServer,
} from '../../tools/src/index.ts'
import { temporaryDirectory } from './processes.ts'
import { onlineClient, type XmppClient } from './xmpp-client.ts'

/** A Prosody of the test alone, with the configuration of deploy/prosody. It takes no clients' passwords but this one. */
export interface Prosody {
  /** The settings of a target of type xep-0356, as far as they have no defaults. */
  readonly target: {
    readonly type: 'xep-0356'
    readonly domain: string
    readonly service: string
    readonly component: string
    readonly secret: string
  }
  readonly httpPort: number
  addUsers(...usernames: string[]): Promise<void>
  /** Somebody new who has these contacts already. */
  addUser(username: string, contacts: readonly ProsodyContact[]): Promise<void>
  /** One of these users, online. */
  client(username: string, resource?: string): Promise<XmppClient>
  /** kill -9. */
  kill(): Promise<void>
  /** Again, with what it had: ports, users, rosters. By default with the same configuration. */
  restart(changes?: ProsodyOptions['changes']): Promise<void>
  /** It hangs: connections are taken, nothing is answered. */
  pause(): void
  resume(): void
  /** How many lines of its log match. */
  logged(pattern: RegExp): number
}

export interface ProsodyOptions {
  /** The file of deploy/prosody; default `xep-0356.cfg.lua`. */
  readonly configuration?: string
  /** What the test needs to stand in it otherwise, each a text that stands there once. */
  readonly changes?: Readonly<Record<string, string>>
  /** Further settings, before it. */
  readonly settings?: string
}

const DOMAIN = 'example.org'
const PASSWORD = 'secret'

/** Ends with the test, and shows its log when that failed. */
export async function startProsody(options: ProsodyOptions = {}): Promise<Prosody> {
  const { configuration = 'xep-0356.cfg.lua', changes = {}, settings = '' } = options
  const deployed = await readFile(join(repositoryRoot, 'deploy/prosody', configuration), 'utf8')
  const changed = (to: typeof changes) =>
    Object.entries(to).reduce((text, [from, replacement]) => replaceOnce(text, from, replacement), deployed)
  const directory = await temporaryDirectory()
  const lines: string[] = []
  const start = (given: typeof changes, ports?: ProsodyPorts) =>
    startProsodyServer({
      directory,
      configuration: `${settings}\n${changed(given)}`,
      onLine: (line) => lines.push(line),
      ...(ports ? { ports } : {}),
    })
  let server = await start(changes)
  const { ports, addUser } = server
  const child = (): Child => server.child
  onTestFinished(() => server.stop())
  onTestFailed(() => void process.stderr.write(`Prosody's log:\n${lines.slice(-100).join('\n')}\n`))

  return {
    target: {
      type: 'xep-0356',
      domain: DOMAIN,
      service: `xmpp://127.0.0.1:${ports.components}`,
      component: `rollcall.${DOMAIN}`,
      secret: 'change-me',
    },
    httpPort: ports.http,
    async addUsers(...usernames) {
      await Promise.all(usernames.map((username) => addUser({ username, domain: DOMAIN, password: PASSWORD })))
    },
    addUser: (username, contacts) => addUser({ username, domain: DOMAIN, password: PASSWORD, contacts }),
    client: (username, resource) =>
      onlineClient({
        service: `xmpp://127.0.0.1:${ports.clients}`,
        domain: DOMAIN,
        username,
        password: PASSWORD,
        ...(resource === undefined ? {} : { resource }),
      }),
    async kill() {
      child().kill('SIGKILL')
      await child().exited
    },
    async restart(given = changes) {
      await server.stop()
      server = await start(given, ports)
    },
    pause: () => child().kill('SIGSTOP'),
    resume: () => child().kill('SIGCONT'),
    logged: (pattern) => lines.filter((line) => pattern.test(line)).length,
  }
}
