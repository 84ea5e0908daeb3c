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
  /** Somebody has logged out: whoever may do less is to be told, here at once, at other apis within LOOK_EVERY_MS. */
  tellOfChange(): Promise<void>
  /** Calls back after each look that Redis answered; `mayHaveChanged`: somebody may have lost a token, or a session. */
  onLook(listener: (mayHaveChanged: boolean) => void): void
  close(): void
}

export type NotYetKnown = { readonly kind: 'not-yet-known' }

/** How often an api looks for tokens that others made or took away, and for sessions that ended. */
const LOOK_EVERY_MS = 2_000
/** A field of the hash beside the tokens, new with each change and each session that is ended; no id has a colon. */
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
  const listeners = new Set<(mayHaveChanged: boolean) => void>()

  async function look(): Promise<void> {
    const found = await redis.hget(TOKENS_KEY, EDITION)
    const mayHaveChanged = found === null || found !== edition // null: something ended, and nothing could be written
    if (mayHaveChanged) await readAll()
    tell(mayHaveChanged)
  }

  function tell(mayHaveChanged: boolean): void {
    for (const listener of listeners) listener(mayHaveChanged)
  }

  async function readAll(): Promise<void> {
    const { [EDITION]: current, ...entries } = await redis.hgetall(TOKENS_KEY)
    made = Object.entries(entries).flatMap(([id, text]) => readToken(id, text, log))
    registry = tokenRegistry([...made, ...configured])
    edition = current ?? null
    // Known from the next look on: what changes meanwhile is read again.
    if (edition === null) await redis.hsetnx(TOKENS_KEY, EDITION, randomUUID()).catch(withoutEdition)
  }

  /** Takes tokens away, and makes every api look again: in one write, or others would go on for ever; a full Redis takes that. */
  async function newEdition(...gone: readonly string[]): Promise<void> {
    await redis.hdel(TOKENS_KEY, ...gone, EDITION)
    await redis.hset(TOKENS_KEY, EDITION, randomUUID()).catch(withoutEdition)
  }

  const withoutEdition = (error: unknown): void => log.debug({ err: error }, NO_EDITION)

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
      const [wasThere] = await Promise.all([redis.hexists(TOKENS_KEY, id), newEdition(id)])
      await look()
      return wasThere === 1
    },
    look,
    async tellOfChange() {
      await newEdition().finally(() => tell(true)) // a session that is known here alone ends all the same
    },
    onLook: (listener) => void listeners.add(listener),
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
