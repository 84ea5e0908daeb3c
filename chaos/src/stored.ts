import { setTimeout as delay } from 'node:timers/promises'
import type { BareJid } from '@rollcall/roster'
import { refreshChunkKey, refreshKey, shardKeys } from '@rollcall/runtime'
import type { Redis } from 'ioredis'
import type { Row } from './checker.ts'
import { jidOf, serialIn, userNamed } from './rosters.ts'

const KEYS = shardKeys(0)
const USERS_PER_LOOK = 500
const LOOK_AGAIN_MS = 100
const MOST_LOOKED_AT = '500'

export interface Accepting {
  readonly users: number
  readonly first: number
}

export type Stored = ReturnType<typeof stored>

/** What Redis holds, looked at past Rollcall. */
export function stored(redis: Redis) {
  async function rowsOf(users: readonly number[]): Promise<Row[]> {
    const pipeline = redis.pipeline()
    for (const user of users) {
      const jid = jidOf(user) as BareJid
      pipeline.hget(KEYS.roster(jid), 'body').hmget(KEYS.user(jid), 'wanted', 'fetched', 'failed')
    }
    const answers = (await pipeline.exec()) ?? []
    return users.map((user, i) => {
      const [failure, body] = answers[2 * i] ?? []
      const [, numbers] = answers[2 * i + 1] ?? []
      if (failure) throw failure
      const [wanted = 0, fetched = 0, failed = 0] = ((numbers ?? []) as unknown[]).map(Number)
      return { serial: typeof body === 'string' ? serialIn(user, body) : 0, wanted, fetched, failed }
    })
  }

  /** A connection that broke in between says nothing of what is stored. */
  async function untilAnswered(users: readonly number[]): Promise<Row[]> {
    for (;;) {
      try {
        return await rowsOf(users)
      } catch {
        await delay(LOOK_AGAIN_MS)
      }
    }
  }

  return {
    /** Waits while Redis is away. */
    async look(users: readonly number[]): Promise<Row[]> {
      const rows: Row[] = []
      for (let i = 0; i < users.length; i += USERS_PER_LOOK)
        rows.push(...(await untilAnswered(users.slice(i, i + USERS_PER_LOOK))))
      return rows
    },
    epoch: () => redis.get(KEYS.epoch),
    /** Users who have been asked for and have not settled. */
    open: async () => (await redis.zrange(KEYS.open, '0', '-1')).map(userIn),
    /** Of those who were asked for last: who has no job. */
    async openWithoutJob(): Promise<number[]> {
      const jids = await redis.zrange(KEYS.open, '0', MOST_LOOKED_AT, 'REV')
      // In this order: a job settles its user before it ends.
      const hasNone = async (jid: string) =>
        (await redis.exists(KEYS.jobOf(jid as BareJid))) === 0 && (await redis.zscore(KEYS.open, jid)) !== null
      const without = await Promise.all(jids.map(hasNone))
      return jids.filter((_, i) => without[i]).map(userIn)
    },
    /** How many jobs of these users each worker holds; of those who hold some. */
    async held(users: readonly number[]): Promise<number[]> {
      const byWorker = new Map<string, number>()
      const holderOf = async (user: number) => {
        const job = await redis.get(KEYS.jobOf(jidOf(user) as BareJid))
        return job && (await redis.get(KEYS.jobLock(job)))?.split(':')[0]
      }
      for (const holder of await Promise.all(users.map(holderOf)))
        if (holder) byWorker.set(holder, (byWorker.get(holder) ?? 0) + 1)
      return [...byWorker.values()]
    },
    /** Refreshes that were accepted and whose users have not all been asked for. */
    async accepting(): Promise<Accepting[]> {
      const ids = await redis.zrange(KEYS.accepting, '0', '-1')
      const texts = await Promise.all(
        ids.map((id) => Promise.all([redis.hget(refreshKey(id), 'header'), redis.get(refreshChunkKey(id, 0))])),
      )
      return texts.flatMap(([header, chunk]) => {
        if (header === null || chunk === null) return []
        const [jid = ''] = (JSON.parse(chunk) as { users: string[] }).users
        return [{ users: (JSON.parse(header) as { total: number }).total, first: userIn(jid) }]
      })
    },
  }
}

const userIn = (jid: string): number => userNamed(jid.slice(0, jid.indexOf('@')))
