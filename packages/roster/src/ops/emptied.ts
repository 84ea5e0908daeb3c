import { z } from 'zod'

/**
 * Body of `POST /ops/api/domains/<domain>/emptied`: `confirm` when the empty rosters that are held back are right, `reject`
 * when they were wrong.
 */
export const OpsJudgement = z.strictObject({ action: z.enum(['confirm', 'reject']) })
export type OpsJudgement = z.infer<typeof OpsJudgement>

/** Answer: whether any were held back, and how many failed users of the domain are fetched again. */
export const OpsJudged = z.object({ wereHeld: z.boolean(), fetchedAgain: z.int().nonnegative() }).readonly()
export type OpsJudged = z.infer<typeof OpsJudged>
