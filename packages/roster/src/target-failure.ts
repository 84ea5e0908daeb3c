import { z } from 'zod'

/** Why a target could not be told of a change: a closed list, used in logs, metrics and the UI. */
export const TARGET_FAILURE_CODES = [
  'target-unreachable',
  'target-timeout',
  /** It wants other credentials. */
  'target-unauthorised',
  /** It does not let Rollcall write rosters. */
  'target-not-granted',
  /** It does not serve the domain. */
  'target-domain-unknown',
  /** It says that it is full, or that it is asked too often. */
  'target-overloaded',
  'target-user-unknown',
  /** It does not take this contact or message. */
  'target-refused',
  /** It wants to be told nothing more. */
  'target-gone',
  /** An answer that makes no sense. */
  'target-answer-invalid',
] as const

export const TargetFailureCode = z.enum(TARGET_FAILURE_CODES)
export type TargetFailureCode = z.infer<typeof TargetFailureCode>
