import type { Element } from '@xmpp/client'

/** The namespace of rosters (RFC 6121, section 2). */
export const ROSTER = 'jabber:iq:roster'

/** One contact, as a server gives it to a client. */
export interface RosterItem {
  readonly jid: string
  readonly name: string
  /** Sorted: they have no order. */
  readonly groups: readonly string[]
  /** `remove` in a push, when it is gone. */
  readonly subscription: string
}

/** Of a roster, or of a push, which has one. */
export const itemsOf = (query: Element): RosterItem[] =>
  query.getChildren('item').map((item) => ({
    jid: item.attrs.jid ?? '',
    name: item.attrs.name ?? '',
    groups: item
      .getChildren('group')
      .map((group) => group.getText())
      .sort(),
    subscription: item.attrs.subscription ?? 'none',
  }))
