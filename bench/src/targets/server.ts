import type { Launcher } from '../launch.ts'
import { startEjabberd } from './ejabberd.ts'
import { startProsody } from './prosody.ts'
import type { Item } from './rosters.ts'

/** An XMPP server, and two ways to write rosters on it. */
export interface XmppServer {
  /** Settings of the target, as far as they have no defaults. */
  readonly target: Readonly<Record<string, unknown>>
  /** Where clients log in, without TLS, with the password that is their name. */
  readonly service: string
  readonly pid: number
  addUsers(usernames: readonly string[]): Promise<void>
  /** Its own API, with nothing of ours between. */
  readonly direct: DirectApi
}

export interface DirectApi {
  /** Requests on their way at a time. */
  readonly atATime: number
  set(username: string, item: Item): Promise<void>
  /** Bare JIDs, sorted. */
  contacts(username: string): Promise<string[]>
}

export const XMPP_SERVERS = ['Prosody', 'ejabberd'] as const
export type XmppServerName = (typeof XMPP_SERVERS)[number]

export const startXmppServer = (name: XmppServerName, launcher: Launcher): Promise<XmppServer> =>
  name === 'Prosody' ? startProsody(launcher) : startEjabberd(launcher)
