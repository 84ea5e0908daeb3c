import { z } from 'zod'
import { BareJid } from '../bare-jid.ts'
import { Domain } from '../domain.ts'
import { FailureCode } from '../failure.ts'

const count = z.int().nonnegative()

/** Users whose last fetch failed, for one reason and at one backend. */
export const OpsFailureGroup = z
  .object({
    code: FailureCode,
    domain: Domain,
    count,
    /** Since when somebody is in it, without a break. */
    firstAt: z.iso.datetime(),
    /** When the last of those who are in it failed. */
    lastAt: z.iso.datetime(),
    /** Who failed last. */
    example: z.object({ jid: BareJid, message: z.string() }),
    /** More may have failed: of names that were never known a shard lists the newest so many. Absent: all are listed. */
    mostPerShard: count.exactOptional(),
  })
  .readonly()
export type OpsFailureGroup = z.infer<typeof OpsFailureGroup>

/** Answer of `GET /ops/api/failures?code=&domain=`: the largest group first. */
export const OpsFailures = z.object({ groups: z.array(OpsFailureGroup).readonly(), total: count }).readonly()
export type OpsFailures = z.infer<typeof OpsFailures>

/** Answer of `GET /ops/api/failures/users?code=&domain=&after=`: who failed last comes first. */
export const OpsFailedUsers = z
  .object({
    users: z
      .array(
        z.object({
          jid: BareJid,
          code: FailureCode,
          message: z.string(),
          at: z.iso.datetime(),
          /** When it is fetched again without anybody asking; absent: never. */
          nextRepairAt: z.iso.datetime().exactOptional(),
        }),
      )
      .readonly(),
    next: z.string().nullable(),
  })
  .readonly()
export type OpsFailedUsers = z.infer<typeof OpsFailedUsers>

/** Body of `POST /ops/api/failures/retry`: what is left out matches all. */
export const OpsFailureFilter = z.strictObject({ code: FailureCode.exactOptional(), domain: Domain.exactOptional() })
export type OpsFailureFilter = z.infer<typeof OpsFailureFilter>

/** Body of `POST /ops/api/failures/dismiss`. */
export const OpsDismissal = OpsFailureFilter.extend({
  /** Who failed later is left alone, since nobody has seen it: the last `lastAt` of what was looked at. Default: now. */
  until: z.iso.datetime().exactOptional(),
})
export type OpsDismissal = z.infer<typeof OpsDismissal>
