import type { RosterStore } from '@rollcall/runtime'
import type { Refusal } from './refusals.ts'

/** Redis is asked no more often, however many requests come. */
const ASK_EVERY_MS = 250
/** Logins are let through when refreshes are not: up to a tenth of the users more. */
const RESERVED_FOR_LOGINS = 0.1
const RETRY_AFTER_S = 5

export type OpenUsers = ReturnType<typeof openUsers>

export interface OpenUsersOptions {
  readonly store: Pick<RosterStore, 'countOpen'>
  readonly maxOpenUsers: number
}

/**
 * How many users wait to be fetched, and whether more may be asked for. Beyond the bound Redis would fill up and everybody
 * would wait for longer than anybody wants to: a caller who is refused at once can send the notice again later.
 */
export function openUsers({ store, maxOpenUsers }: OpenUsersOptions) {
  /** As Redis had it last. */
  let counted = 0
  let askedAt = Number.NEGATIVE_INFINITY
  let asking: Promise<number> | undefined
  /** Of refreshes that this api takes in now: Redis does not know all of them yet. */
  let comingIn = 0
  /** Of those taken in since Redis was asked. */
  let cameIn = 0

  async function ask(): Promise<number> {
    const known = cameIn
    counted = await store.countOpen()
    cameIn -= known
    askedAt = performance.now()
    return counted
  }

  async function count(): Promise<number> {
    if (performance.now() - askedAt < ASK_EVERY_MS) return counted
    asking ??= ask().finally(() => {
      asking = undefined
    })
    return asking
  }

  async function refusal(most: number): Promise<Refusal | null> {
    // Who comes in may be counted twice for a moment, which is the safe side.
    if ((await count()) + comingIn + cameIn < most) return null
    return {
      status: 503,
      message: `Too many users wait to be fetched already (MAX_OPEN_USERS is ${maxOpenUsers}); try again later`,
      headers: { 'retry-after': RETRY_AFTER_S },
    }
  }

  return {
    /** At most `ASK_EVERY_MS` old. Throws when Redis is away. */
    count,
    max: maxOpenUsers,
    /** Why no refresh is taken now; null when one is. Throws when Redis is away. */
    refusalOfRefresh: () => refusal(maxOpenUsers),
    /** The same for somebody who logs in and whose roster is not stored. */
    refusalOfLogin: () => refusal(maxOpenUsers * (1 + RESERVED_FOR_LOGINS)),
    /** Counts the users of a refresh until Redis does; call what is returned when all have been asked for. */
    takingIn(users: number): () => void {
      comingIn += users
      return () => {
        comingIn -= users
        cameIn += users
      }
    },
  }
}
