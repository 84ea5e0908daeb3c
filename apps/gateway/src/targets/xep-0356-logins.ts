import { type BareJid, type Domain, parseBareJid, splitBareJid, type User, userFromJid } from '@rollcall/roster'
import type { Element } from '@xmpp/component'

/** Who is online, by the presences that the server forwards: `presence = "managed_entity"` of XEP-0356. */
export interface Logins {
  /** Told of each stanza. */
  look(stanza: Element): void
  /** From now on `onLogin` is told: first of those who are online. */
  start(): void
}

/** Users remembered: with more of them online, some are taken for new at their next presence, which is harmless. */
const MAX_ONLINE = 100_000

/** `onLogin` is told of a user whose first client becomes available, not of his other ones and not of what he is up to. */
export function watchLogins(domain: Domain, onLogin: (user: User) => void): Logins {
  const online = new Map<BareJid, Set<string>>()
  let isStarted = false

  function arrive(jid: BareJid, client: string): void {
    const clients = online.get(jid)
    if (clients) return void clients.add(client)
    const [oldest] = online.keys()
    if (online.size >= MAX_ONLINE && oldest !== undefined) online.delete(oldest)
    online.set(jid, new Set([client]))
    if (isStarted) onLogin(userFromJid(jid))
  }

  function leave(jid: BareJid, client: string): void {
    const clients = online.get(jid)
    clients?.delete(client)
    if (clients?.size === 0) online.delete(jid)
  }

  return {
    look(stanza) {
      const { type, from = '' } = stanza.attrs
      if (stanza.name !== 'presence' || (type !== undefined && type !== 'unavailable')) return
      const parsed = parseBareJid(from)
      if (parsed.kind === 'invalid') return
      const sender = splitBareJid(parsed.jid)
      if (sender.domain !== domain || sender.username === undefined) return // anybody may send a component presence
      if (type === undefined) arrive(parsed.jid, from)
      else leave(parsed.jid, from)
    },
    start() {
      isStarted = true
      for (const jid of online.keys()) onLogin(userFromJid(jid))
    },
  }
}
