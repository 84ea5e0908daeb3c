import { z } from 'zod'
import { BareJid } from './bare-jid.ts'
import type { Change } from './change.ts'
import { Domain } from './domain.ts'
import type { User } from './user.ts'
import { Username } from './username.ts'
import { V1Contact } from './v1-roster.ts'

/** The body of a webhook, in the form that Standard Webhooks recommends. */
export const WebhookPayload = z
  .object({
    /** What happened; what stands in `data` goes by it. */
    type: z.literal('roster.changed'),
    /** Of this form. New fields may come without a new one; nothing goes or changes its meaning. */
    payloadVersion: z.literal(1),
    /** When it happened, and not when it was sent. */
    timestamp: z.iso.datetime(),
    data: z
      .object({
        username: Username,
        domain: Domain,
        /** Of the roster, see V1Roster; absent: not known. */
        version: z.int().positive().exactOptional(),
        added: z.array(V1Contact).readonly(),
        updated: z.array(V1Contact).readonly(),
        removed: z.array(BareJid).readonly(),
        /** What changed is not listed: the lists are empty, and whoever needs it reads the roster. */
        truncated: z.literal(true).exactOptional(),
      })
      .readonly(),
  })
  .readonly()
export type WebhookPayload = z.infer<typeof WebhookPayload>

export interface RosterChanged {
  readonly user: User
  /** Epoch milliseconds. */
  readonly at: number
  /** 0: not known. */
  readonly version: number
  /** Null: not known. */
  readonly change: Pick<Change, 'added' | 'updated' | 'removed'> | null
}

export function toWebhookPayload({ user, at, version, change }: RosterChanged): WebhookPayload {
  const { added, updated, removed } = change ?? NOT_LISTED
  return {
    type: 'roster.changed',
    payloadVersion: 1,
    timestamp: new Date(at).toISOString(),
    data: {
      username: user.username,
      domain: user.domain,
      ...(version > 0 && { version }),
      added,
      updated,
      removed,
      ...(change === null && { truncated: true }),
    },
  }
}

const NOT_LISTED = { added: [], updated: [], removed: [] }
