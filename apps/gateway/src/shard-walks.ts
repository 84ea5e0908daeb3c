import type { User } from '@rollcall/roster'
import type { Delivery, Log, Position, TargetConfig, TargetLog, Walk } from '@rollcall/runtime'
import type { RedisClock } from './redis-clock.ts'
import type { Ended } from './tasks.ts'
import { startWalk, type Walking } from './walk-users.ts'

/** Users compared in a second, of a target that names no rate. */
const PER_SECOND = 200

export interface ShardWalksOptions {
  readonly config: TargetConfig
  readonly shard: number
  /** How many there are. */
  readonly shards: number
  readonly changes: Pick<TargetLog, 'beginWalk' | 'walkOn' | 'writeWalk' | 'endWalk' | 'writeDriftAt'>
  /** Brings one user to the target. */
  readonly look: (user: User, id: string, compareOnly: boolean, ended: Ended) => void
  readonly clock: RedisClock
  readonly log: Log
}

/** When all users of a shard are gone through for a target, one walk at a time: after it missed changes, and for drift. */
export function shardWalks({ config, shard, shards, changes, look, clock, log }: ShardWalksOptions) {
  let walking: Walking | undefined
  let driftAt = 0
  let drifted = 0

  function begin(walk: Walk): void {
    walking?.stop()
    const { kind } = walk
    const reportOnly = kind === 'drift' && 'drift' in config && config.drift === 'report'
    walking = startWalk({
      walk,
      domain: config.domain,
      perSecond: ('maxPerSecond' in config ? config.maxPerSecond : PER_SECOND) / shards, // all of them are gone through at once
      changes,
      bring: (user, ended) =>
        look(user, `walk-${walk.id}-${user.jid}`, reportOnly, (result, synced) => {
          if (kind === 'drift' && synced && synced.plan.puts.length + synced.plan.removes.length > 0) drifted++
          ended(result !== 'dropped')
        }),
      onEnd: () => {
        walking = undefined
        log.info(
          { target: config.name, shard, kind, ...(kind === 'drift' && { drifted }) },
          'All users of a target have been compared',
        )
      },
      log,
    })
  }

  return {
    resume(delivery: Pick<Delivery, 'walk' | 'driftAt'>): void {
      driftAt = delivery.driftAt
      if (delivery.walk) begin(delivery.walk)
    },

    /** The target goes on behind what it has missed; `goneAfter`: up to where it was told of those who are gone. */
    async reconcile(position: Position, goneAfter: number): Promise<void> {
      const left = walking?.at().goneAfter ?? goneAfter // by a walk that this one takes the place of
      begin(await changes.beginWalk('reconcile', { position, goneAfter: Math.min(goneAfter, left) }))
    },

    /** Begins when it is time to. */
    async lookForDrift(): Promise<void> {
      if (!('drift' in config) || config.drift === 'off' || walking) return
      const now = clock.now()
      const isFirst = driftAt === 0
      if (!isFirst && now - driftAt < config.driftIntervalS * 1000) return
      driftAt = now
      await changes.writeDriftAt(now)
      if (!isFirst) begin(await changes.beginWalk('drift'))
    },

    isWalking: (): boolean => walking !== undefined,
    counts: () => ({ drifted, ...(walking && { walked: walking.at().done }) }),
    stop: (): void => walking?.stop(),
  }
}
