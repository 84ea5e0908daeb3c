import type { User } from '@rollcall/roster'
import {
  type Log,
  loadScripts,
  ownershipOf,
  type RedisClient,
  type RosterStore,
  shardOf,
  type TargetConfig,
  targetLog,
} from '@rollcall/runtime'
import { changeBells } from './change-bells.ts'
import { type Deliveries, deliveries } from './deliveries.ts'
import { type Following, followShard } from './follow-shard.ts'
import type { Served } from './hold-units.ts'
import type { Target } from './targets/target.ts'
import { URGENCY } from './tasks.ts'
import type { Unit } from './units.ts'

export type MakeTarget = (config: TargetConfig, onLogin: (user: User) => void) => Target

export interface ServeOptions {
  readonly redis: RedisClient
  readonly store: RosterStore
  readonly shards: number
  readonly gateway: string
  readonly changesPollMs: number
  readonly makeTarget: MakeTarget
  readonly log: Log
}

/** What this gateway does for its targets: one queue of deliveries for each, fed by all shards of it that it holds. */
export function serveUnits(options: ServeOptions) {
  const { redis, store, shards, gateway, changesPollMs, makeTarget, log } = options
  const served = new Map<string, { readonly deliveries: Deliveries; readonly isHeld: Map<number, () => boolean> }>()
  const followings = new Set<Following>()
  const bells = changeBells({ redis, pollMs: changesPollMs })
  const scripts = loadScripts(redis.isCluster) // from files: not for each user again
  const logOf = ({ name }: TargetConfig, shard: number) => targetLog({ redis, target: name, shard, scripts })

  function open(config: TargetConfig) {
    const known = served.get(config.name)
    if (known) return known
    const isHeld = new Map<number, () => boolean>()
    const shardOfUser = ({ jid }: User): number => shardOf(jid, shards)
    const look = (user: User): void => {
      const about = { user, id: `look-${user.jid}`, at: Date.now(), version: 0, change: null }
      queue.add({ ...about, urgency: URGENCY.look, compareOnly: false, ended: [], attempts: 0, alone: false })
    }
    const queue = deliveries({
      config,
      target: makeTarget(config, (user) => {
        if (isHeld.get(shardOfUser(user))?.()) look(user)
      }),
      ownership: 'owns' in config ? ownershipOf(config) : { kind: 'all' },
      store,
      serves: (user) => isHeld.get(shardOfUser(user))?.() ?? false,
      record: (attempt) => logOf(config, shardOf(attempt.user, shards)).record(attempt),
      owe: (user) => logOf(config, shardOfUser(user)).owe(user.jid, Date.now()),
      // By way of Redis: another gateway may hold his shard.
      compare: async (user) => {
        const shard = shardOfUser(user)
        await logOf(config, shard).ask([{ id: '', user: user.jid, dryRun: false }])
        bells.ring(shard)
      },
      log,
    })
    const opened = { deliveries: queue, isHeld }
    served.set(config.name, opened)
    return opened
  }

  async function close({ name }: TargetConfig, left: readonly number[]): Promise<void> {
    const opened = served.get(name)
    if (!opened) return
    for (const shard of left) opened.isHeld.delete(shard)
    opened.deliveries.drop(({ jid }) => left.includes(shardOf(jid, shards)))
    if (opened.isHeld.size > 0) return
    served.delete(name)
    await opened.deliveries.close()
  }

  return {
    serve({ config, shards: ofUnit }: Unit, isHeld: () => boolean): Served {
      const opened = open(config)
      const begun = ofUnit.map((shard) => {
        opened.isHeld.set(shard, isHeld)
        const changes = logOf(config, shard)
        const { deliveries: queue } = opened
        const bell = bells.of(shard)
        const pollMs = changesPollMs
        return followShard({ config, shard, shards, changes, deliveries: queue, bell, gateway, pollMs, log })
      })
      for (const following of begun) followings.add(following)
      return {
        async stop(stillHeld) {
          await Promise.all(begun.map((following) => following.stop(stillHeld)))
          for (const following of begun) followings.delete(following)
          await close(config, ofUnit)
        },
      }
    },

    followings: (): readonly Following[] => [...followings],
  }
}
