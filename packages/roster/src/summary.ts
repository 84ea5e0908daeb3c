import { z } from 'zod'
import { Failure } from './failure.ts'

/** A summary lists no more failures than this; `errors` counts them all. */
export const MAX_LISTED_FAILURES = 100

const count = z.int().nonnegative()

/** Answer of `POST /roster_admin/refresh`. The first four fields are mod_http_roster_admin's. Counts are of distinct users. */
export const RefreshSummary = z
  .object({
    status: z.enum(['ok', 'error']),
    message: z.string(),
    /** Fetched well since the refresh was accepted, changed or not. */
    updated: count,
    errors: count,
    /** Those of `updated` whose content is new. */
    changed: count,
    /** Id of the refresh. */
    refresh: z.string(),
    failures: z.array(Failure).max(MAX_LISTED_FAILURES).readonly(),
    /** Still running when the deadline passed; absent when all are settled. */
    pending: z.int().positive().exactOptional(),
  })
  .readonly()
export type RefreshSummary = z.infer<typeof RefreshSummary>

/** What mod_http_roster_admin itself answers; it says `ok` whatever came of it, and not whose fetch failed. */
export const ModuleSummary = z
  .object({ status: z.string(), message: z.string(), updated: count, errors: count })
  .readonly()
export type ModuleSummary = z.infer<typeof ModuleSummary>

/** Answer of a refresh that was not accepted. */
export const Refusal = z
  .object({
    status: z.literal('error'),
    message: z.string(),
    updated: z.literal(0),
    errors: z.literal(0),
  })
  .readonly()
export type Refusal = z.infer<typeof Refusal>

/** Answer of `GET /roster_admin/refresh/<username>`. */
export const UserSummary = z.object({ status: z.enum(['ok', 'error']), message: z.string() }).readonly()
export type UserSummary = z.infer<typeof UserSummary>

export interface RefreshCounts {
  readonly updated: number
  readonly errors: number
  readonly pending: number
  readonly changed: number
}

export interface RefreshOutcome extends RefreshCounts {
  readonly failures: readonly Failure[]
}

export interface SummaryAnswer<Body> {
  readonly httpStatus: 200 | 202 | 500
  readonly body: Body
}

const COMPLETE = 'roster update complete'

export function summarise(result: RefreshOutcome & { readonly refresh: string }): SummaryAnswer<RefreshSummary> {
  const { refresh, updated, errors, pending, changed } = result
  const failures = result.failures.slice(0, MAX_LISTED_FAILURES)
  const rest = { updated, errors, changed, refresh, failures }
  if (pending > 0) {
    const message = `roster update still running: ${pending} of ${updated + errors + pending} pending`
    return { httpStatus: 202, body: { status: 'ok', message, ...rest, pending } }
  }
  if (errors > 0 && updated === 0) {
    const message = 'roster update failed: no roster was updated, see failures'
    return { httpStatus: 500, body: { status: 'error', message, ...rest } }
  }
  return { httpStatus: 200, body: { status: 'ok', message: COMPLETE, ...rest } }
}

/** The answer to the refresh of one user. */
export function summariseOne({ pending, failures: [failure] }: RefreshOutcome): SummaryAnswer<UserSummary> {
  if (pending > 0) return { httpStatus: 202, body: { status: 'ok', message: 'roster update still running' } }
  if (failure === undefined) return { httpStatus: 200, body: { status: 'ok', message: COMPLETE } }
  const message = `roster update failed: ${failure.code}: ${failure.message}`
  return { httpStatus: 500, body: { status: 'error', message } }
}

/** Body of a 400, 401, 403, 413 or 503. */
export function refusal(message: string): Refusal {
  return { status: 'error', message, updated: 0, errors: 0 }
}
