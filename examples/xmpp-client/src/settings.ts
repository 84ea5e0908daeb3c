import type { Login } from './watch-user.ts'

/** An empty variable counts as unset. */
export function parseSettings(environment: Readonly<Record<string, string | undefined>>): Login {
  const text = (name: string, otherwise: string) => environment[name]?.trim() || otherwise
  return {
    service: text('XMPP_SERVICE', 'xmpp://127.0.0.1:5222'),
    domain: text('XMPP_DOMAIN', 'localhost'),
    username: text('XMPP_USER', 'john'),
    password: text('XMPP_PASSWORD', 'secret'),
  }
}
