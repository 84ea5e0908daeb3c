import type { RosterItem } from './roster-item.ts'

/** A roster push in plain words; `before` is the contact as this client knew it, if it did. */
export function describePush(before: RosterItem | undefined, item: RosterItem): string {
  const who = localpart(item.jid)
  if (item.subscription === 'remove') {
    return `${who} is no longer a contact${before ? ` (was ${describe(before)})` : ''}`
  }
  if (!before) return `${who} is now a contact (${describe(item)})`
  const changes = [
    ...(item.name === before.name ? [] : [`is now called ${quoted(item.name)} (was ${quoted(before.name)})`]),
    ...(groups(item) === groups(before) ? [] : [`is now in ${groups(item)} (was in ${groups(before)})`]),
    ...(item.subscription === before.subscription
      ? []
      : [`has now the subscription ${item.subscription} (was ${before.subscription})`]),
  ]
  return `${who} ${changes.length > 0 ? changes.join(' and ') : 'was pushed again, with nothing new'}`
}

export const localpart = (jid: string): string => jid.replace(/@.*/, '')

const describe = (item: RosterItem): string => `${quoted(item.name)}, ${groups(item)}, ${item.subscription}`

// A name may hold anything: quoted, it stays on its line.
const quoted = (name: string): string => JSON.stringify(name)

const groups = (item: RosterItem): string => item.groups.join(' and ') || 'no group'
