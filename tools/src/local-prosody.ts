import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import type { ProsodyPorts, ProsodyServer } from './prosody-server.ts'
import { repositoryRoot } from './repository.ts'

/** The Prosody of `npm start -- --with prosody`: for this machine alone, with an account for every user of the example. */
export interface LocalProsody {
  readonly domain: string
  readonly ports: ProsodyPorts
  readonly component: string
  readonly secret: string
}

/** The same for everybody: whoever reaches the example may become anybody's friend, too. */
export const PASSWORD = 'secret'

/** Of the users of the example, those whose clients are started. */
export const ONLINE = ['john', 'aaron'] as const

/** One that is not there yet. */
export async function localProsody(domain: string): Promise<LocalProsody> {
  return {
    domain,
    ports: { clients: await freePort(), components: await freePort(), http: await freePort() },
    component: `rollcall.${domain}`,
    secret: randomBytes(16).toString('hex'),
  }
}

/** As the configuration names it among the `targets`. */
export const targetSettings = ({ domain, ports, component, secret }: LocalProsody) => ({
  type: 'xep-0356',
  domain,
  service: `xmpp://127.0.0.1:${ports.components}`,
  component,
  secret,
})

/** What deploy/prosody has to be pasted, with these names. */
export async function configurationOf({ domain, secret }: LocalProsody): Promise<string> {
  const toBePasted = await readFile(join(repositoryRoot, 'deploy/prosody/xep-0356.cfg.lua'), 'utf8')
  return toBePasted.replaceAll('example.org', domain).replaceAll('change-me', secret)
}

/** So that the roster of each can be written, and any client can log in as anyone. */
export async function addUsersOf(
  exampleUrl: string,
  { addUser }: Pick<ProsodyServer, 'addUser'>,
  domain: string,
): Promise<void> {
  const response = await fetch(`${exampleUrl}/users`)
  const users = (await response.json()) as readonly { readonly username: string }[]
  await Promise.all(users.map(({ username }) => addUser({ username, domain, password: PASSWORD })))
}
