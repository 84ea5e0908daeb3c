import { TargetFailureCode } from '@rollcall/roster'
import { z } from 'zod'

/** How a target does in one shard, as the gateway that serves it says: for health, metrics and the dashboard. */
export const TargetState = z.object({
  /** `following`: told of changes as they come. `reconciling`: all stored users are gone through. `unavailable`: left alone until `nextAttemptAt`. */
  state: z.enum(['following', 'reconciling', 'unavailable', 'disabled']),
  /** Id of the gateway. */
  holder: z.string(),
  /** ISO 8601: when this was written. Older than some seconds: nobody serves it. */
  at: z.iso.datetime(),
  /** Age of the oldest change that has not arrived, by the clock of Redis; 0: there is none. */
  lagMs: z.int().nonnegative(),
  /** Changes that have been read and have not arrived. */
  waiting: z.int().nonnegative(),
  /** Of this gateway, since it began to serve the target: users brought to it, and those it did not take. */
  delivered: z.int().nonnegative(),
  rejected: z.int().nonnegative(),
  /** Users who could not be brought to it and are tried again now and then. */
  owed: z.int().nonnegative(),
  /** Contacts written, of a target that holds rosters. */
  writes: z.int().nonnegative(),
  /** Rosters that were found changed by somebody else. */
  drifted: z.int().nonnegative(),
  /** Users gone through while reconciling. */
  walked: z.int().nonnegative().exactOptional(),
  nextAttemptAt: z.iso.datetime().exactOptional(),
  lastError: z
    .object({ code: TargetFailureCode, message: z.string(), at: z.iso.datetime(), user: z.string().exactOptional() })
    .exactOptional(),
})
export type TargetState = z.infer<typeof TargetState>
