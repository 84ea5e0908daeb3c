import { expect, onTestFinished } from 'vitest'
import { startEjabberd } from './ejabberd.ts'
import { startProsody } from './prosody.ts'
import { onlineClient, type XmppClient } from './xmpp-client.ts'

/** An XMPP server that Rollcall writes rosters on, whatever its name: Prosody as a component, ejabberd by its HTTP API. */
export interface XmppServer {
  readonly domain: string
  /** Settings of the target, as far as they have no defaults. */
  readonly target: Readonly<Record<string, unknown>>
  addUsers(...usernames: string[]): Promise<void>
  /** One of these users, online. */
  client(username: string): Promise<XmppClient>
  /** kill -9. */
  kill(): Promise<void>
  /** Again, with what it had. */
  restart(): Promise<void>
}

export const XMPP_SERVERS = ['Prosody', 'ejabberd'] as const

/** Ends with the test. */
export async function startXmppServer(name: (typeof XMPP_SERVERS)[number]): Promise<XmppServer> {
  return name === 'Prosody' ? prosody() : ejabberd()
}

async function prosody(): Promise<XmppServer> {
  const server = await startProsody()
  return { ...server, domain: server.target.domain }
}

async function ejabberd(): Promise<XmppServer> {
  const server = await startEjabberd()
  onTestFinished(() => server.stop())
  const domain = 'localhost'
  return {
    domain,
    target: { type: 'ejabberd-http', domain, url: server.url, headers: server.headers },
    async addUsers(...usernames) {
      for (const username of usernames) await server.register(username)
      await expect.poll(() => server.hasWritten(usernames.at(-1) ?? '')).toBe(true) // kill -9 would lose them
    },
    client: (username) => onlineClient({ service: server.service, domain, username, password: 'secret' }),
    kill: server.kill,
    restart: server.start,
  }
}
