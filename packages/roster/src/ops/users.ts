import { z } from 'zod'
import { BareJid } from '../bare-jid.ts'
import { Change } from '../change.ts'
import { Domain } from '../domain.ts'
import { FailureCode } from '../failure.ts'
import { TargetFailureCode } from '../target-failure.ts'
import { V1Contact } from '../v1-roster.ts'
import { OpsTarget } from './snapshot.ts'

const count = z.int().nonnegative()

/** A stored user in a list. */
export const OpsUserRow = z
  .object({
    jid: BareJid,
    username: z.string(),
    domain: Domain,
    contacts: count,
    version: count,
    fetchedAt: z.iso.datetime(),
    /** The last fetch failed: what is stored is the last good roster. */
    isStale: z.boolean(),
  })
  .readonly()
export type OpsUserRow = z.infer<typeof OpsUserRow>

/** Answer of `GET /ops/api/users?prefix=jo&domain=example.org&after=…`: stored users in the order of their names. */
export const OpsUserPage = z
  .object({
    users: z.array(OpsUserRow).readonly(),
    /** Give it as `after` for the next page; null: there is none. */
    next: z.string().nullable(),
    /** What the search took. */
    tookMs: z.number().nonnegative(),
  })
  .readonly()
export type OpsUserPage = z.infer<typeof OpsUserPage>

/** One entry of the change log. */
export const OpsChange = z
  .object({ id: z.string(), shard: count, at: z.iso.datetime(), ...Change.unwrap().omit({ fetchedAt: true }).shape })
  .readonly()
export type OpsChange = z.infer<typeof OpsChange>

/** Answer of `GET /ops/api/users/<jid>`. */
export const OpsUser = z
  .object({
    jid: BareJid,
    username: z.string(),
    domain: Domain,
    shard: count,
    /** Null: no roster is stored. */
    stored: z
      .object({
        version: count,
        fetchedAt: z.iso.datetime(),
        isStale: z.boolean(),
        etag: z.string(),
        bytes: count,
        contacts: z.array(V1Contact).readonly(),
      })
      .nullable(),
    /** How far the refreshes of this user have come, in generations. */
    refresh: z.object({
      wanted: count,
      fetched: count,
      failed: count,
      /** Of the last fetch that failed, when none has gone well since. */
      failure: z
        .object({ code: FailureCode, message: z.string(), at: z.iso.datetime().exactOptional() })
        .exactOptional(),
      /** ISO 8601: since when a refresh has not been answered by a fetch. */
      openSince: z.iso.datetime().exactOptional(),
      nextRepairAt: z.iso.datetime().exactOptional(),
      /** Repairs since the last good fetch. */
      repairs: count,
      /** Apis that wait for this user. */
      waiting: z.array(z.string()).readonly(),
    }),
    /** The job that is in the queue; null: none. */
    job: z
      .object({
        id: z.string(),
        state: z.string(),
        priority: count,
        /** Attempts that have ended. */
        attempt: count,
        createdAt: z.iso.datetime(),
        dueAt: z.iso.datetime().exactOptional(),
      })
      .nullable(),
    /** The last 20, the newest first. */
    changes: z.array(OpsChange).readonly(),
    /** There were more before these: not shown, or no longer in the change log. */
    hasOlderChanges: z.boolean(),
    deliveries: z
      .array(
        z.object({
          target: z.string(),
          /** How it does in his shard. */
          state: OpsTarget.unwrap().shape.state,
          /** Of one that takes nothing: why. */
          trouble: z.object({ code: TargetFailureCode, message: z.string(), at: z.iso.datetime() }).exactOptional(),
          /** His last change has not arrived there. */
          isWaiting: z.boolean(),
          /** Could not be brought to it, and is tried again. */
          isOwed: z.boolean(),
          /** The last attempt that is remembered. */
          last: z
            .object({
              at: z.iso.datetime(),
              result: z.enum(['arrived', 'failed', 'rejected', 'owed']),
              version: count,
              code: z.string().exactOptional(),
              message: z.string().exactOptional(),
            })
            .exactOptional(),
        }),
      )
      .readonly(),
  })
  .readonly()
export type OpsUser = z.infer<typeof OpsUser>

/** Answer of `POST /ops/api/users/<jid>/compare`: the backend's roster as it is now next to the stored one; nothing is stored. */
export const OpsComparison = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('same'), tookMs: z.number() }),
  z.object({
    kind: z.literal('differs'),
    tookMs: z.number(),
    /** The backend has, and nothing or another one is stored. */
    added: z.array(V1Contact).readonly(),
    updated: z.array(V1Contact).readonly(),
    /** Stored, and the backend does not have it. */
    removed: z.array(BareJid).readonly(),
  }),
  z.object({ kind: z.literal('failed'), tookMs: z.number(), code: FailureCode, message: z.string() }),
])
export type OpsComparison = z.infer<typeof OpsComparison>

/** Answer of `POST /ops/api/users/<jid>/drop`: the stored roster is gone, and is fetched when it is next asked for. */
export const OpsDropped = z.object({ dropped: z.boolean() }).readonly()
export type OpsDropped = z.infer<typeof OpsDropped>

/**
 * Answer of `GET /ops/api/changes?domain=&user=&before=`: the newest first. `user`: a JID, or a username of `domain` or of the
 * default domain. `GET /ops/api/changes/live` has the same filters; its event `change` has one of them as data, `skipped` how
 * many were left out, since more came than anybody can read: `{"count"}`. The id of its event `place` says up to where that was:
 * with it as `Last-Event-ID` or `after=` the stream goes on from there, or says by `gap` that what has come since is too much,
 * or gone; then read the newest page.
 */
export const OpsChangePage = z
  .object({ changes: z.array(OpsChange).readonly(), next: z.string().nullable() })
  .readonly()
export type OpsChangePage = z.infer<typeof OpsChangePage>
