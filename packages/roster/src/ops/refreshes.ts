import { z } from 'zod'
import { BareJid } from '../bare-jid.ts'
import { FailureCode } from '../failure.ts'
import { RefreshProgress } from '../refresh-progress.ts'

const count = z.int().nonnegative()

/** A refresh in a list: how far it has come, without its failures. */
export const OpsRefreshRow = RefreshProgress.unwrap().omit({ failures: true }).readonly()
export type OpsRefreshRow = z.infer<typeof OpsRefreshRow>

/** Which refreshes are listed: `failed` and `cancelled` are done, too. */
export const OPS_REFRESH_STATES = ['running', 'done', 'failed', 'cancelled'] as const
export const OpsRefreshState = z.enum(OPS_REFRESH_STATES)
export type OpsRefreshState = z.infer<typeof OpsRefreshState>

/** Answer of `GET /ops/api/refreshes?state=running&caller=&domain=&before=&limit=`: the newest first. */
export const OpsRefreshPage = z
  .object({
    refreshes: z.array(OpsRefreshRow).readonly(),
    /** Give it as `before` for the next page, which may be a short one; null: there is none. */
    next: z.string().nullable(),
    /** Of those that are kept, to choose from. */
    callers: z.array(z.string()).readonly(),
  })
  .readonly()
export type OpsRefreshPage = z.infer<typeof OpsRefreshPage>

/** Answer of `GET /ops/api/refreshes/<id>`. */
export const OpsRefresh = z
  .object({
    ...RefreshProgress.unwrap().shape,
    failuresByCode: z
      .array(z.object({ code: FailureCode, count, example: z.object({ username: z.string(), message: z.string() }) }))
      .readonly(),
    /** Its users are known still: they are kept while it runs, and after it when it was small or had failures. */
    hasUsers: z.boolean(),
  })
  .readonly()
export type OpsRefresh = z.infer<typeof OpsRefresh>

export const OpsRefreshUserState = z.enum(['updated', 'failed', 'pending'])
export type OpsRefreshUserState = z.infer<typeof OpsRefreshUserState>

/**
 * Answer of `GET /ops/api/refreshes/<id>/users?state=failed&after=`: its users as they are now. Who failed then and was
 * fetched since is `updated`.
 */
export const OpsRefreshUsers = z
  .object({
    users: z
      .array(
        z.object({
          jid: BareJid,
          state: OpsRefreshUserState,
          code: FailureCode.exactOptional(),
          message: z.string().exactOptional(),
        }),
      )
      .readonly(),
    /** Give it as `after` for the next page, which may be a short one; null: there is none. */
    next: z.string().nullable(),
  })
  .readonly()
export type OpsRefreshUsers = z.infer<typeof OpsRefreshUsers>

/**
 * Answer (202) of `POST /ops/api/refreshes/<id>/retry` and `POST /ops/api/failures/retry`: those users are asked for, by
 * refreshes whose progress is theirs. None: there was nobody.
 */
export const OpsRetry = z.object({ users: count, refreshes: z.array(z.string()).readonly() }).readonly()
export type OpsRetry = z.infer<typeof OpsRetry>

/** Answer of `POST /ops/api/refreshes/<id>/cancel` and `POST /ops/api/failures/dismiss`: one call does a bounded part. */
export const OpsPart = z
  .object({
    /** By this call. */
    done: count,
    /** Call again while there are some. */
    left: count,
  })
  .readonly()
export type OpsPart = z.infer<typeof OpsPart>
