import { z } from 'zod'
import { BareJid } from './bare-jid.ts'
import { type Contact, type Roster, SUBSCRIPTIONS, sortedContacts } from './contact.ts'
import { Domain } from './domain.ts'
import type { User } from './user.ts'
import { Username } from './username.ts'

export const V1Contact = z
  .object({
    jid: BareJid,
    name: z.string().exactOptional(),
    groups: z.array(z.string()).readonly(),
    subscription: z.enum(SUBSCRIPTIONS),
    ask: z.literal('subscribe').exactOptional(),
    approved: z.boolean().exactOptional(),
  })
  .readonly()
export type V1Contact = z.infer<typeof V1Contact>

/** Answer of `GET /v1/rosters/<username>`. Contacts in the order of their JIDs. */
export const V1Roster = z
  .object({
    username: Username,
    domain: Domain,
    /** Grows with each change of this roster; starts anew when Redis lost its data. */
    version: z.int().nonnegative(),
    fetchedAt: z.iso.datetime(),
    contacts: z.array(V1Contact).readonly(),
  })
  .readonly()
export type V1Roster = z.infer<typeof V1Roster>

export interface StoredRoster {
  readonly user: User
  readonly version: number
  /** ISO 8601, UTC. */
  readonly fetchedAt: string
  readonly roster: Roster
}

export function toV1Roster({ user, version, fetchedAt, roster }: StoredRoster): V1Roster {
  return {
    username: user.username,
    domain: user.domain,
    version,
    fetchedAt,
    contacts: sortedContacts(roster).map(toV1Contact),
  }
}

/** The fields in one order, whoever made the contact. */
export function toV1Contact({ jid, name, groups, subscription, ask, approved }: Contact): V1Contact {
  return {
    jid,
    ...(name !== undefined && { name }),
    groups,
    subscription,
    ...(ask !== undefined && { ask }),
    ...(approved !== undefined && { approved }),
  }
}
