import type { BareJid } from '@rollcall/roster'
import { deliveryKeys } from '../keys.ts'
import type { RedisClient } from '../redis.ts'
import { ATTEMPTS_KEPT, Attempt } from './target-log.ts'

export interface DeliveryOfUser {
  /** Could not be brought to the target, and is tried again. */
  readonly isOwed: boolean
  /** The last attempt for him that is remembered; null: none is. */
  readonly last: Attempt | null
}

const ATTEMPTS_A_LOOK = 250

/** What is known of one user at one target. Of its attempts only the last are kept, and those are looked through. */
export async function deliveryOfUser(
  redis: RedisClient,
  shard: number,
  target: string,
  user: BareJid,
): Promise<DeliveryOfUser> {
  const { owed, attempts } = deliveryKeys(shard, target)
  const [owedAt, last] = await Promise.all([redis.zscore(owed, user), lastAttempt(redis, attempts, user)])
  return { isOwed: owedAt !== null, last }
}

async function lastAttempt(redis: RedisClient, attempts: string, user: BareJid): Promise<Attempt | null> {
  const mark = JSON.stringify(user)
  let newest = '+'
  for (let seen = 0; seen < ATTEMPTS_KEPT; seen += ATTEMPTS_A_LOOK) {
    const entries = await redis.xrevrange(attempts, newest, '-', 'COUNT', ATTEMPTS_A_LOOK)
    for (const [, [, text = '']] of entries) {
      const attempt = text.includes(mark) ? Attempt.parse(JSON.parse(text)) : null
      if (attempt?.user === user) return attempt
    }
    const oldest = entries.at(-1)?.[0]
    if (oldest === undefined || entries.length < ATTEMPTS_A_LOOK) return null
    newest = `(${oldest}`
  }
  return null
}
