import { z } from 'zod'
import { Domain } from './domain.ts'
import { Failure } from './failure.ts'
import { MAX_LISTED_FAILURES } from './summary.ts'

const count = z.int().nonnegative()

/** Answer of `GET /v1/refreshes/<id>`. `updated + errors + pending` = `total`, the distinct users asked for. */
export const RefreshProgress = z
  .object({
    id: z.string(),
    /** Name of the token that asked. */
    caller: z.string(),
    domain: Domain,
    state: z.enum(['running', 'done']),
    acceptedAt: z.iso.datetime(),
    /** When an operator cancelled what was left of it; absent: nobody did. */
    cancelledAt: z.iso.datetime().exactOptional(),
    total: count,
    updated: count,
    changed: count,
    errors: count,
    pending: count,
    failures: z.array(Failure).max(MAX_LISTED_FAILURES).readonly(),
  })
  .readonly()
export type RefreshProgress = z.infer<typeof RefreshProgress>
