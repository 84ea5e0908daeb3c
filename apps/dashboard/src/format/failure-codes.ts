import type { FailureCode } from '@rollcall/roster'

/** What a code means, in a few words; the message of each failure says more. */
const MEANINGS: Record<FailureCode, string> = {
  'backend-timeout': 'no whole answer in time',
  'backend-status': 'answered with a status that is no roster',
  'backend-unreachable': 'refused, reset, or not found',
  'roster-invalid': 'the answer is not a roster',
  'roster-too-large': 'the answer is too large',
  'username-invalid': 'not a username',
  'domain-unknown': 'the domain is not configured',
  'user-unknown': 'the backend does not know the user',
  'breaker-open': 'the backend is known not to work, and was not asked',
  'roster-held': 'empty, like too many others: kept back until somebody has looked',
  'worker-crashed': 'its worker died, again and again',
  'store-reset': 'Redis lost its data meanwhile',
  'refresh-cancelled': 'somebody cancelled the refresh',
}

/** Undefined for one of an api that is newer than this page. */
export const meaningOf = (code: string): string | undefined =>
  Object.hasOwn(MEANINGS, code) ? MEANINGS[code as FailureCode] : undefined
