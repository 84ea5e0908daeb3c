import {
  type BareJid,
  type Contact,
  parseBareJid,
  type Roster,
  SUBSCRIPTIONS,
  type Subscription,
} from '@rollcall/roster'

/**
 * The answer of get_roster; null when it makes no sense. Until 23.04 `[{ jid, nick, subscription, ask, group }]`, a contact
 * once for each of his groups; from 23.10 on `[{ jid, nick, subscription, pending, groups: [] }]`.
 * Contacts whose JID is not in its normal form are left out: no command could name them, and so they are nobody's but the
 * user's.
 */
export function readRoster(answer: unknown): Roster | null {
  if (!Array.isArray(answer)) return null
  const roster = new Map<BareJid, Contact>()
  for (const json of answer as readonly unknown[]) {
    const item = readItem(json)
    if (item === null) return null
    const parsed = parseBareJid(item.jid)
    if (parsed.kind === 'invalid' || parsed.jid !== item.jid) continue
    const groups = [...(roster.get(parsed.jid)?.groups ?? []), ...item.groups]
    roster.set(parsed.jid, { ...item, jid: parsed.jid, groups: [...new Set(groups)].sort() })
  }
  return roster
}

type Item = Omit<Contact, 'jid'> & { readonly jid: string }

function readItem(json: unknown): Item | null {
  if (typeof json !== 'object' || json === null) return null
  const { jid, nick, subscription, ask, pending, group, groups = [group] } = json as Record<string, unknown>
  if (typeof jid !== 'string' || typeof nick !== 'string' || typeof subscription !== 'string') return null
  if (!isTexts(groups)) return null
  return {
    jid,
    groups: groups.filter((text) => text !== ''),
    subscription: known(subscription),
    ...(nick !== '' && { name: nick }),
    ...((ask ?? pending) === 'subscribe' && { ask: 'subscribe' }),
  }
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((text) => typeof text === 'string')

/** ejabberd takes any word from whoever may write, and such a contact sees nothing. */
const known = (subscription: string): Subscription => SUBSCRIPTIONS.find((name) => name === subscription) ?? 'none'
