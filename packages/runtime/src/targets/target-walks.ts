import { randomUUID } from 'node:crypto'
import type { BareJid, Domain } from '@rollcall/roster'
import { z } from 'zod'
import type { ShardKeys } from '../keys.ts'
import type { RedisClient } from '../redis.ts'
import { nameOf, userOfName } from '../store/names.ts'
import type { RunScript } from '../store/scripts.ts'
import type { Position } from './position.ts'

/** All users of the domain are gone through whom a target may have to be told of. */
export interface Walk {
  readonly id: string
  /** `reconcile`: changes were missed. `drift`: whether somebody else has changed rosters on the server. */
  readonly kind: 'reconcile' | 'drift'
  /**
   * First those who are gone, in the order in which they went: behind the change of this number. Absent: they have been
   * gone through, or do not matter.
   */
  readonly goneAfter?: number
  /** Then those who are stored, by name: the last one who has been brought to the target; '' at the beginning. */
  readonly after: string
  readonly done: number
}
export const Walk = z.object({
  id: z.string(),
  kind: z.enum(['reconcile', 'drift']),
  goneAfter: z.number().exactOptional(),
  after: z.string(),
  done: z.int(),
}) satisfies z.ZodType<Walk>

/** Some users of a walk. */
export interface WalkPage {
  readonly users: readonly BareJid[]
  /** Where the walk is when they have been brought to the target. */
  readonly behind: Walk
}

/** The id of a change as one number, by which `drop.lua` keeps who is gone. */
export function numberOfChange(id: string): number {
  const [ms = 0, n = 0] = id.split('-', 2).map(Number)
  return ms * 1000 + Math.min(n, 999)
}

export interface TargetWalksOptions {
  readonly redis: RedisClient
  readonly run: RunScript
  /** Of the hash that says how far the target has come. */
  readonly delivery: string
  readonly keys: Pick<ShardKeys, 'gone' | 'names'>
}

/** Walks through the users of one shard for one target, one at a time. */
export function targetWalks({ redis, run, delivery, keys }: TargetWalksOptions) {
  async function gone(domain: Domain, walk: Walk, from: number, most: number): Promise<WalkPage> {
    const found = await redis.zrangebyscore(keys.gone, `(${from}`, '+inf', 'WITHSCORES', 'LIMIT', 0, most)
    const users = found.filter((jid, i) => i % 2 === 0 && jid.endsWith(`@${domain}`)) as BareJid[]
    const { goneAfter: _, ...allOfThem } = walk
    const last = Number(found.at(-1))
    const behind = found.length < 2 * most ? allOfThem : { ...walk, goneAfter: last }
    return { users, behind: { ...behind, done: walk.done + users.length } }
  }

  async function stored(domain: Domain, walk: Walk, most: number): Promise<WalkPage | null> {
    const from = walk.after === '' ? `[${nameOf(domain, '')}` : `(${nameOf(domain, walk.after)}`
    const names = await redis.zrangebylex(keys.names, from, `(${domain}\x01`, 'LIMIT', 0, most)
    const found = names.map(userOfName)
    const last = found.at(-1)
    if (!last) return null
    const behind = { ...walk, after: last.name, done: walk.done + found.length }
    return { users: found.map(({ user }) => user), behind }
  }

  return {
    /**
     * `missed`: the target goes on at a position behind what it has missed, which is written down together with the walk: the
     * one without the other would lose changes. It has been told of those who were gone by then; 0: of nobody.
     */
    beginWalk: async (
      kind: Walk['kind'],
      missed?: { readonly position: Position; readonly goneAfter: number },
    ): Promise<Walk> => {
      const walk: Walk = { id: randomUUID(), kind, ...(missed && { goneAfter: missed.goneAfter }), after: '', done: 0 }
      const position = missed && { position: `${missed.position.epoch} ${missed.position.id}` }
      await redis.hset(delivery, { walk: JSON.stringify(walk), ...position })
      return walk
    },

    /** The next users of a walk, none or so many at most; null: there are no more. */
    walkOn: async (domain: Domain, walk: Walk, most: number): Promise<WalkPage | null> =>
      walk.goneAfter === undefined ? stored(domain, walk, most) : gone(domain, walk, walk.goneAfter, most),

    // Both leave another walk that has begun meanwhile as it is.
    writeWalk: (walk: Walk) => run('walk', [delivery], [walk.id, JSON.stringify(walk)]),
    endWalk: ({ id }: Walk) => run('walk', [delivery], [id, '']),
  }
}
