import { BareJid, Domain, Failure, FailureCode, type RefreshProgress } from '@rollcall/roster'
import {
  type RedisClient,
  refreshChunkKey,
  refreshKey,
  refreshOwnerKey,
  shardKeys,
  shardOfRefresh,
} from '@rollcall/runtime'
import { z } from 'zod'
import type { FailureCount } from './failure-counts.ts'
import { isSmall, type RefreshIndex, rowOf } from './refresh-index.ts'

/** Users of a refresh that are asked for together: of one shard, at most 500. */
export const RefreshChunk = z.object({
  shard: z.int(),
  users: z.array(BareJid),
  /** Of each user, once asked for: the generation and the version stored then, of the Redis with this epoch. */
  requested: z.object({ epoch: z.string(), generations: z.array(z.int()), versions: z.array(z.int()) }).exactOptional(),
})
export type RefreshChunk = z.infer<typeof RefreshChunk>

export interface RefreshHeader {
  readonly id: string
  readonly caller: string
  readonly domain: Domain
  /** ISO 8601. */
  readonly acceptedAt: string
  /** Distinct users and unusable names. */
  readonly total: number
  /** Names that could not be used: failed from the start. */
  readonly unusable: {
    readonly count: number
    readonly failures: readonly Failure[]
    readonly byCode?: readonly FailureCount[]
  }
  readonly chunks: number
  /** ISO 8601: when an operator cancelled what was left of it. */
  readonly cancelledAt?: string
}

const Header = z.object({
  id: z.string(),
  caller: z.string(),
  domain: Domain,
  acceptedAt: z.string(),
  total: z.int(),
  unusable: z.object({
    count: z.int(),
    failures: z.array(Failure),
    byCode: z
      .array(
        z.object({
          code: FailureCode,
          count: z.int(),
          example: z.object({ username: z.string(), message: z.string() }).readonly(),
        }),
      )
      .exactOptional(),
  }),
  chunks: z.int(),
})

/** How far a refresh has come. */
export interface RefreshFound {
  readonly progress: RefreshProgress
  /** Of all failures, while `progress` lists some. */
  readonly failuresByCode: readonly FailureCount[]
}

/** An api that takes in a refresh and is silent for so long is dead: another one goes on. */
const OWNER_LEASE_MS = 4_000

/** For one whose api is dead. */
const LOOKED_AT_ONCE = 100

export type RefreshRecords = ReturnType<typeof refreshRecords>

export interface RefreshRecordsOptions {
  readonly redis: RedisClient
  readonly replica: string
  readonly ttlS: number
  readonly index: Pick<RefreshIndex, 'accepted'>
}

/**
 * What is written down of each refresh. The names are written before the first of them is asked for, so that any api can
 * go on where one died (G8); counts are derived from the users, so nobody has to keep them.
 */
export function refreshRecords({ redis, replica, ttlS, index }: RefreshRecordsOptions) {
  const own = new Set<string>()
  /** Of each shard: where the next look at those that are taken in begins. */
  const nextLook = new Map<number, number>()
  const renew = (): void => {
    for (const id of own) redis.pexpire(refreshOwnerKey(id), OWNER_LEASE_MS).catch(() => {}) // Redis away: nobody takes it over either
  }
  const timer = setInterval(renew, OWNER_LEASE_MS / 3)

  const writeChunk = (id: string, at: number, chunk: RefreshChunk) =>
    redis.set(refreshChunkKey(id, at), JSON.stringify(chunk), 'EX', ttlS)

  async function readChunk(id: string, at: number): Promise<RefreshChunk | null> {
    const text = await redis.get(refreshChunkKey(id, at))
    return text === null ? null : RefreshChunk.parse(JSON.parse(text))
  }

  return {
    /** Writes a refresh down; from now on it is listed, and will be taken in, whatever becomes of this api. */
    async accept(header: RefreshHeader, chunks: readonly RefreshChunk[]): Promise<void> {
      await Promise.all(chunks.map((chunk, at) => writeChunk(header.id, at, chunk)))
      const { list, running, at } = index.accepted(header)
      await redis
        .multi()
        .hset(refreshKey(header.id), { header: JSON.stringify(header) })
        .expire(refreshKey(header.id), ttlS)
        .zadd(list, at, header.id)
        .zadd(running, at, header.id)
        .zadd(acceptingKey(header.id), at, header.id)
        .set(refreshOwnerKey(header.id), replica, 'PX', OWNER_LEASE_MS)
        .exec()
      own.add(header.id)
    },

    async requested(id: string, at: number, chunk: RefreshChunk): Promise<void> {
      await writeChunk(id, at, chunk)
    },

    /** All users have been asked for: from here on `open` and the sweep see to them. */
    async takenIn(id: string): Promise<void> {
      own.delete(id)
      await Promise.all([redis.zrem(acceptingKey(id), id), redis.del(refreshOwnerKey(id))])
    },

    /** Some of its users may not have been asked for yet. */
    isAccepting: async (id: string): Promise<boolean> => (await redis.zscore(acceptingKey(id), id)) !== null,

    /** This api gives a refresh up before it is taken in; another one goes on when the lease has ended. */
    abandon: (id: string): void => void own.delete(id),

    /**
     * Refreshes recorded in a shard that some api was taking in when it died; each is given to one caller only. An api that
     * lives may have more to take in than are looked at: the next look goes on behind them.
     */
    async orphans(shard: number): Promise<string[]> {
      const from = nextLook.get(shard) ?? 0
      const [first, last] = [String(from), String(from + LOOKED_AT_ONCE - 1)]
      const listed = await redis.zrange(shardKeys(shard).accepting, first, last)
      nextLook.set(shard, listed.length === LOOKED_AT_ONCE ? from + LOOKED_AT_ONCE : 0)
      const ids = listed.filter((id) => !own.has(id))
      const taken = await Promise.all(
        ids.map(async (id) => (await redis.set(refreshOwnerKey(id), replica, 'PX', OWNER_LEASE_MS, 'NX')) === 'OK'),
      )
      const orphans = ids.filter((_, i) => taken[i])
      for (const id of orphans) own.add(id)
      return orphans
    },

    async header(id: string): Promise<RefreshHeader | null> {
      const [text, cancelledAt] = await redis.hmget(refreshKey(id), 'header', 'cancelledAt')
      if (!text) return null
      return { ...Header.parse(JSON.parse(text)), ...(cancelledAt && { cancelledAt }) }
    },

    chunk: readChunk,

    /** Those whose names are known still, in the order in which they are asked for. */
    async *chunks({ id, chunks }: RefreshHeader): AsyncGenerator<RefreshChunk> {
      for (let at = 0; at < chunks; at++) {
        const chunk = await readChunk(id, at)
        if (!chunk) return
        yield chunk
      }
    },

    /** Who was in it is known still. */
    hasUsers: async (id: string): Promise<boolean> => (await redis.exists(refreshChunkKey(id, 0))) === 1,

    /** No more of its users are asked for, once whoever takes it in has noticed. */
    async cancel(id: string, at: string): Promise<void> {
      await redis.hsetnx(refreshKey(id), 'cancelledAt', at)
    },

    /** Whoever took it in has noticed. False: somebody has said so before. */
    stopped: async (id: string): Promise<boolean> => (await redis.hsetnx(refreshKey(id), 'stopped', '1')) === 1,

    isCancelled: async (id: string): Promise<boolean> => (await redis.hexists(refreshKey(id), 'cancelledAt')) === 1,

    /**
     * The result of a refresh in which nobody is pending. Its users are kept when somebody may want to see them, or to ask
     * again for those who failed; the names of a large one that went well are of no more use.
     */
    async finish(header: RefreshHeader, { progress, failuresByCode }: RefreshFound): Promise<void> {
      await redis
        .multi()
        .hset(refreshKey(header.id), {
          result: JSON.stringify(progress),
          row: JSON.stringify(rowOf(progress)),
          failures: JSON.stringify(failuresByCode),
        })
        .expire(refreshKey(header.id), ttlS) // also when Redis has lost the rest of it
        .zrem(shardKeys(shardOfRefresh(header.id)).runningRefreshes, header.id)
        .exec()
      if (progress.errors > 0 || isSmall(header) || header.chunks === 0) return
      await redis.unlink(...Array.from({ length: header.chunks }, (_, at) => refreshChunkKey(header.id, at)))
    },

    async result(id: string): Promise<RefreshFound | null> {
      const [result, failures, cancelledAt] = await redis.hmget(refreshKey(id), 'result', 'failures', 'cancelledAt')
      if (!result) return null
      return {
        progress: { ...(JSON.parse(result) as RefreshProgress), ...(cancelledAt && { cancelledAt }) },
        failuresByCode: JSON.parse(failures ?? '[]') as FailureCount[],
      }
    },

    close: () => clearInterval(timer),
  }
}

const acceptingKey = (id: string): string => shardKeys(shardOfRefresh(id)).accepting
