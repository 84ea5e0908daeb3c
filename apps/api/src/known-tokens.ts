import { randomUUID } from 'node:crypto'
import {
  type Authentication,
  type Log,
  type RedisClient,
  TOKENS_KEY,
  TokenEntry,
  tokenRegistry,
} from '@rollcall/runtime'
import { z } from 'zod'

/** A token made at run time, as Redis keeps it. */
export const MadeToken = z
  .object({ ...TokenEntry.shape, createdAt: z.iso.datetime(), createdBy: z.string() })
  .readonly()
export type MadeToken = z.infer<typeof MadeToken>

export interface KnownTokens {
  /** As of a registry; `not-yet-known`: it may be one made at run time, and Redis has not been read since the start. */
  authenticate(authorization: string | undefined): Authentication | NotYetKnown
  check(token: string): Authentication | NotYetKnown
  find(id: string): TokenEntry | null
  /** Whether those made at run time have been read. */
  areComplete(): boolean
  configured: readonly TokenEntry[]
  made(): readonly MadeToken[]
  /** Here at once, at other apis within LOOK_EVERY_MS. */
  add(token: MadeToken): Promise<void>
  /** Likewise. False when there is none. */
  remove(id: string): Promise<boolean>
  /** Reads again what is in Redis, when it has changed. */
  look(): Promise<void>
  close(): void
}

export type NotYetKnown = { readonly kind: 'not-yet-known' }

/** How often an api looks for tokens that others made or took away. */
const LOOK_EVERY_MS = 2_000
/** A field of the hash beside the tokens, new with each change; no id has a colon. */
const EDITION = ':edition'
const NO_EDITION = 'There is no edition of the tokens: all apis read them again each time'
const NOT_YET_KNOWN: NotYetKnown = { kind: 'not-yet-known' }

export interface KnownTokensOptions {
  readonly configured: readonly TokenEntry[]
  readonly redis: RedisClient
  readonly log: Log
}

/** The tokens of the configuration and those made at run time. When Redis is away, those that were known last stay. */
export function knownTokens({ configured, redis, log }: KnownTokensOptions): KnownTokens {
  let made: readonly MadeToken[] = []
  let registry = tokenRegistry(configured)
  /** Null: there are none; undefined: not read yet. */
  let edition: string | null | undefined

  async function look(): Promise<void> {
    const found = await redis.hget(TOKENS_KEY, EDITION)
    if (found !== null && found === edition) return // null: there are none, or one was taken away and nothing could be written
    const { [EDITION]: current, ...entries } = await redis.hgetall(TOKENS_KEY)
    made = Object.entries(entries).flatMap(([id, text]) => readToken(id, text, log))
    registry = tokenRegistry([...made, ...configured])
    edition = current ?? null
  }

  const orNotYetKnown = (found: Authentication): Authentication | NotYetKnown =>
    found.kind === 'wrong' && edition === undefined ? NOT_YET_KNOWN : found

  const quietly = (): void =>
    void look().catch((error: unknown) => log.debug({ err: error }, 'Could not look for tokens; trying again'))
  const timer = setInterval(quietly, LOOK_EVERY_MS)

  return {
    authenticate: (authorization) => orNotYetKnown(registry.authenticate(authorization)),
    check: (token) => orNotYetKnown(registry.check(token)),
    find: (id) => registry.find(id),
    areComplete: () => edition !== undefined,
    configured,
    made: () => made,
    async add(token) {
      await redis.hset(TOKENS_KEY, token.id, JSON.stringify(token), EDITION, randomUUID())
      await look()
    },
    async remove(id) {
      const [wasThere] = await Promise.all([
        redis.hexists(TOKENS_KEY, id),
        redis.hdel(TOKENS_KEY, id, EDITION), // together, or other apis would let it in for ever; a full Redis takes that
      ])
      await redis
        .hset(TOKENS_KEY, EDITION, randomUUID())
        .catch((error: unknown) => log.debug({ err: error }, NO_EDITION))
      await look()
      return wasThere === 1
    },
    look,
    close: () => clearInterval(timer),
  }
}

function readToken(id: string, text: string, log: Log): MadeToken[] {
  const parsed = MadeToken.safeParse(parseJson(text))
  if (parsed.success && parsed.data.id === id) return [parsed.data]
  log.warn({ tokenId: id }, 'A token in Redis cannot be read, and does not count')
  return []
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
