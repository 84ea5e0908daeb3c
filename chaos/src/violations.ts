export const VIOLATION_KINDS = {
  fresh: 'G1: counted as updated, but what is stored is older than the refresh',
  backwards: 'G2: a stored roster went back to an older one',
  'last-good': 'G4: a stored roster was not served',
  counts: 'G5: counts that do not add up, or go back',
  deadline: 'G5: no answer by the deadline',
  broken: 'G5: a connection broke, or an answer made no sense, although nothing had happened to its api',
  refused: 'refused with 503 although nothing had happened to Redis',
  failed: 'told of a failure that had no cause',
  lost: 'G8: accepted, but never brought up to date',
  counters: 'how far the refreshes of a user have come went back',
  epoch: 'Redis lost its data, but not its epoch',
  damaged: 'a stored roster is none that the backend ever had',
  truth: 'at the end the stored roster is not the one of the backend',
  slow: 'not all went well again in time after a fault',
  ended: 'a process ended by itself',
  memory: 'an api took more memory than it may',
} as const

export type ViolationKind = keyof typeof VIOLATION_KINDS

export interface Violation {
  readonly kind: ViolationKind
  /** Milliseconds since the campaign began. */
  readonly at: number
  readonly what: string
  /** Whose roster it is about, when it is about one. */
  readonly user?: number
}
