// From where on a number stands out. The bad ones, and that of the memory, are those of deploy/prometheus/rules.yml.

export const WAIT_LONG_MS = 30_000
/** RollcallUsersWait. */
export const WAIT_BAD_MS = 120_000
/** Of users or fetches, 0 to 1. */
export const ERRORS_MANY = 0.01
/** RollcallManyFailures. */
export const ERRORS_BAD = 0.1
/** RollcallRedisMemory. Of what Redis may use, 0 to 1. */
export const MEMORY_TIGHT = 0.8
