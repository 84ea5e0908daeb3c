import { BareJid, TargetFailureCode } from '@rollcall/roster'
import { z } from 'zod'
import { deliveryKeys, shardKeys } from '../keys.ts'
import type { RedisClient } from '../redis.ts'
import { redisNow } from '../redis-now.ts'
import { entryOf, type LogEntry } from '../store/log-entry.ts'
import { loadScripts, type Scripts, scriptRunner } from '../store/scripts.ts'
import type { Position } from './position.ts'
import { TargetState } from './target-state.ts'
import { targetWalks, Walk } from './target-walks.ts'

export interface Followed {
  /** Epoch milliseconds by the clock of Redis. */
  readonly now: number
  /** As `follow.lua` has it. */
  readonly kind: 'next' | 'new' | 'reset' | 'gap'
  readonly position: Position
  readonly entries: readonly LogEntry[]
  readonly asked: readonly SyncRequest[]
  readonly owed: readonly BareJid[]
}

/** Somebody wants one user to be brought to a target now. */
export const SyncRequest = z.object({
  id: z.string(),
  user: BareJid,
  /** Only say what would be written. */
  dryRun: z.boolean(),
})
export type SyncRequest = z.infer<typeof SyncRequest>

/** What survives a gateway: how far a target has come in a shard. */
export interface Delivery {
  readonly position: Position | null
  readonly walk: Walk | null
  /** Epoch milliseconds of the last comparison for drift; 0: never. */
  readonly driftAt: number
  /** Epoch milliseconds since when nothing has arrived; 0: it works. */
  readonly failingSince: number
  /** Nothing is told any more until somebody enables it. */
  readonly disabled: boolean
}

/** What came of one attempt to bring a user to a target. */
export const Attempt = z.object({
  user: BareJid,
  /** Of the roster; 0: not known. */
  version: z.int(),
  /** ISO 8601. */
  at: z.iso.datetime(),
  /** Which attempt it was, the first is 1. */
  attempt: z.int(),
  result: z.enum(['arrived', 'failed', 'rejected', 'owed']),
  /** Contacts written, of a target that holds rosters. */
  writes: z.int().exactOptional(),
  code: TargetFailureCode.exactOptional(),
  message: z.string().exactOptional(),
})
export type Attempt = z.infer<typeof Attempt>

/** When a user who could not be brought to a target is tried again. */
const OWED_RETRY_MS = 600_000
/** Users asked for, or owed, that are taken at a time. */
const MOST_AT_ONCE = 100
/** Attempts that are kept, about. */
export const ATTEMPTS_KEPT = 1_000
/** How long the answer to a request to sync can be read. */
const ANSWER_TTL_S = 600

export interface TargetLogOptions {
  readonly redis: RedisClient
  readonly target: string
  readonly shard: number
  readonly scripts?: Scripts
}

export type TargetLog = ReturnType<typeof targetLog>

/** The change log of one shard, and how far one target has come in it. */
export function targetLog({ redis, target, shard, scripts = loadScripts(redis.isCluster) }: TargetLogOptions) {
  const run = scriptRunner(redis, scripts)
  const { epoch, changes, gone, names } = shardKeys(shard)
  const keys = deliveryKeys(shard, target)
  const write = (fields: Record<string, string | number>) => redis.hset(keys.delivery, fields)

  return {
    /** Takes the lease or keeps it, for `ms`; false: somebody else has it. */
    hold: async (holder: string, ms: number): Promise<boolean> =>
      (await run('lease', [keys.lease], [holder, ms])) === 1,
    giveBack: (holder: string): Promise<unknown> => run('lease', [keys.lease], [holder, 0]),

    async delivery(): Promise<Delivery> {
      const read = await redis.hmget(keys.delivery, 'position', 'walk', 'driftAt', 'failingSince', 'disabled')
      const [position, walk, driftAt, failingSince, disabled] = read
      const [of = '', id = ''] = position?.split(' ') ?? []
      return {
        position: position ? { epoch: of, id } : null,
        walk: walk ? Walk.parse(JSON.parse(walk)) : null,
        driftAt: Number(driftAt ?? 0),
        failingSince: Number(failingSince ?? 0),
        disabled: disabled === '1',
      }
    },

    /** What comes after a position. Each user asked for is given once, to one caller. */
    async follow(position: Position | null, most: number): Promise<Followed> {
      const [now, current, kind, id, entries, asked, owed] = (await run(
        'follow',
        [keys.asked, keys.owed],
        [position?.epoch ?? '', position?.id ?? '', most, MOST_AT_ONCE, OWED_RETRY_MS, epoch, changes],
      )) as [number, string, Followed['kind'], string, [string, string[]][], string[], BareJid[]]
      return {
        now,
        kind,
        position: { epoch: current, id },
        entries: entries.map(entryOf),
        asked: asked.map((text) => SyncRequest.parse(JSON.parse(text))),
        owed,
      }
    },

    /**
     * Whoever delivered says how far: true, whoever holds the lease now. One who was late puts the position back at most,
     * and a repeat is harmless.
     */
    writePosition: ({ epoch: of, id }: Position) => write({ position: `${of} ${id}` }),
    ...targetWalks({ redis, run, delivery: keys.delivery, keys: { gone, names } }),
    writeDriftAt: (ms: number) => write({ driftAt: ms }),
    writeFailingSince: (ms: number) => write({ failingSince: ms }),
    disable: () => write({ disabled: 1 }),
    enable: () => redis.hdel(keys.delivery, 'disabled', 'failingSince'),

    /** Could not be brought to the target for reasons of his own: he is tried again later. */
    owe: (user: BareJid, now: number) => redis.zadd(keys.owed, now + OWED_RETRY_MS, user),
    settle: (user: BareJid) => redis.zrem(keys.owed, user),
    countOwed: () => redis.zcard(keys.owed),

    /** Asks for users to be brought to the target; whoever holds its lease does. */
    ask: (requests: readonly SyncRequest[]) =>
      redis.rpush(keys.asked, ...requests.map((request) => JSON.stringify(request))),
    async answer({ id, user }: SyncRequest, text: string): Promise<void> {
      await redis.hset(keys.answer(id), user, text)
      await redis.expire(keys.answer(id), ANSWER_TTL_S)
    },
    answers: (id: string): Promise<Record<string, string>> => redis.hgetall(keys.answer(id)),

    record: (attempt: Attempt) =>
      redis.xadd(keys.attempts, 'MAXLEN', '~', ATTEMPTS_KEPT, '*', 'attempt', JSON.stringify(attempt)),
    /** The last attempts, the newest first. */
    async attempts(most: number): Promise<Attempt[]> {
      const entries = await redis.xrevrange(keys.attempts, '+', '-', 'COUNT', most)
      return entries.map(([, [, text = '']]) => Attempt.parse(JSON.parse(text)))
    },

    /** Age of the oldest change behind the position, for when no gateway reads on; 0: there is none, or no position yet. */
    async lagMs(): Promise<number> {
      const position = await redis.hget(keys.delivery, 'position')
      if (position === null) return 0
      const [oldest] = await redis.xrange(changes, `(${position.split(' ')[1]}`, '+', 'COUNT', 1)
      return oldest ? Math.max(0, (await redisNow(redis)) - Number(oldest[0].split('-', 1))) : 0
    },

    writeState: (state: TargetState) => write({ state: JSON.stringify(state) }),
    async state(): Promise<TargetState | null> {
      const text = await redis.hget(keys.delivery, 'state')
      return text === null ? null : TargetState.parse(JSON.parse(text))
    },
  }
}
