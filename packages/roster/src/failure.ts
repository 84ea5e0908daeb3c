import { z } from 'zod'

/** Why a user's roster could not be refreshed: a closed list, used in summaries, logs, metrics and the UI. */
export const FAILURE_CODES = [
  'backend-timeout',
  'backend-status',
  'backend-unreachable',
  'roster-invalid',
  'roster-too-large',
  'username-invalid',
  'domain-unknown',
  'user-unknown',
  'breaker-open',
  /** Empty, like too many others of the domain: kept back until an operator has looked. */
  'roster-held',
  'worker-crashed',
  /** An operator cancelled the refresh before this user was fetched. */
  'refresh-cancelled',
  /** Redis lost its data while a caller waited. */
  'store-reset',
] as const

export const FailureCode = z.enum(FAILURE_CODES)
export type FailureCode = z.infer<typeof FailureCode>

export const Failure = z
  .object({
    /** As it was given, shortened and escaped for printing. */
    username: z.string(),
    code: FailureCode,
    message: z.string(),
  })
  .readonly()
export type Failure = z.infer<typeof Failure>
