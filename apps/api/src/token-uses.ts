import { type Log, type RedisClient, TOKEN_USES_KEY } from '@rollcall/runtime'

export interface TokenUses {
  /** Cheap enough for every request. */
  mark(id: string): void
  /** When each token was last used, here or at another api, in milliseconds since 1970. */
  read(): Promise<ReadonlyMap<string, number>>
  /** Of a token that is gone. */
  forget(id: string): Promise<void>
  /** Writes down what is known. */
  close(): Promise<void>
}

const WRITE_EVERY_MS = 60_000

/** When tokens were last used: in memory, and about once a minute in Redis, so that a request does not become a write. */
export function tokenUses(redis: RedisClient, log: Log): TokenUses {
  const lastUsed = new Map<string, number>()
  const written = new Map<string, number>()

  async function write(): Promise<void> {
    const news = [...lastUsed].filter(([id, at]) => written.get(id) !== at)
    if (news.length === 0) return
    try {
      await redis.hset(TOKEN_USES_KEY, Object.fromEntries(news))
      for (const [id, at] of news) written.set(id, at)
    } catch (error) {
      log.debug({ err: error }, 'Could not write down which tokens were used; trying again')
    }
  }

  const timer = setInterval(() => void write(), WRITE_EVERY_MS)
  return {
    mark: (id) => void lastUsed.set(id, Date.now()),
    async read() {
      const uses = new Map(lastUsed)
      for (const [id, text] of Object.entries(await redis.hgetall(TOKEN_USES_KEY)))
        uses.set(id, Math.max(uses.get(id) ?? 0, Number(text)))
      return uses
    },
    async forget(id) {
      lastUsed.delete(id)
      written.delete(id)
      await redis.hdel(TOKEN_USES_KEY, id)
    },
    async close() {
      clearInterval(timer)
      await write()
    },
  }
}
