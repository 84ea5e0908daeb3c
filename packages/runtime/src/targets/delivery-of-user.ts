import type { BareJid } from '@rollcall/roster'
import { deliveryKeys, shardKeys } from '../keys.ts'
import type { RedisClient } from '../redis.ts'
import { ATTEMPTS_KEPT, Attempt } from './target-log.ts'
import { TargetState } from './target-state.ts'
import { numberOfChange } from './target-walks.ts'

export interface DeliveryOfUser {
  /** Could not be brought to the target, and is tried again. */
  readonly isOwed: boolean
  /** The target has not been told of his last change, as is written down once a second. */
  readonly isWaiting: boolean
  /** How the target does in his shard, as the gateway last wrote that serves it; null: none ever did. */
  readonly target: TargetState | null
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
  const { delivery, owed, attempts } = deliveryKeys(shard, target)
  const [owedAt, last, [position, state], [change, version]] = await Promise.all([
    redis.zscore(owed, user),
    lastAttempt(redis, attempts, user),
    redis.hmget(delivery, 'position', 'state'),
    redis.hmget(shardKeys(shard).user(user), 'change', 'version'),
  ])
  const isToldOfLast = last !== null && last.result !== 'failed' && last.version >= Number(version)
  return {
    isOwed: owedAt !== null,
    isWaiting: !isToldOfLast && isBehind(position ?? null, change ?? null),
    target: state ? TargetState.parse(JSON.parse(state)) : null,
    last,
  }
}

/** Whether a change comes after a position, in a log of which one is known. */
function isBehind(position: string | null, change: string | null): boolean {
  const id = position?.split(' ')[1]
  return id !== undefined && change !== null && change !== '' && numberOfChange(change) > numberOfChange(id)
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
