import type { Server } from 'node:http'
import { type Exposition, processServer, type RedisClient, type SilentTarget } from '@rollcall/runtime'
import type { Following } from './follow-shard.ts'

export interface GatewayServerDeps {
  readonly redis: RedisClient
  readonly followings: () => readonly Following[]
  readonly metrics: Exposition
}

/** What is asked of a gateway: whether it lives, how its targets do, and numbers. */
export const gatewayServer = ({ redis, followings, metrics }: GatewayServerDeps): Server =>
  processServer({ redis, condition: () => conditionOf(followings()), metrics })

function conditionOf(followings: readonly Following[]) {
  const targets = followings.flatMap(({ target, shard, state }) => {
    const now = state()
    return now ? [{ target, shard, ...now }] : []
  })
  const reasons = silentTargets(followings).map(
    ({ target, shard, isDisabled, reason }) =>
      `${target}, shard ${shard}, ${isDisabled ? 'is disabled' : 'takes nothing'} (${reason})`,
  )
  return { reasons, targets }
}

/** Targets that take nothing at present, and why. */
export function silentTargets(followings: readonly Following[]): SilentTarget[] {
  return followings.flatMap(({ target, shard, state }) => {
    const now = state()
    if (now?.state !== 'disabled' && now?.state !== 'unavailable') return []
    const { waiting, lastError } = now
    const isDisabled = now.state === 'disabled'
    const untried = isDisabled ? 'since before this gateway began' : 'it has not been tried yet'
    const reason = lastError ? `${lastError.code}: ${lastError.message}` : untried
    return [{ target, shard, isDisabled, waiting, reason }]
  })
}
