import { createHash, randomBytes } from 'node:crypto'
import { isRedisTrouble, type RedisClient, sessionKey, type TokenEntry } from '@rollcall/runtime'
import { z } from 'zod'
import type { KnownTokens } from '../known-tokens.ts'

/** What Redis keeps of one who is logged in. The hash, since an id may be given to another token later. */
const StoredSession = z.object({ token: z.string(), sha256: z.string() })
type StoredSession = z.infer<typeof StoredSession>

/** Somebody who is logged in. */
export interface Session {
  /** As it is now: what it may do may have changed since the login. */
  readonly token: TokenEntry
  /** In milliseconds since 1970. */
  readonly expiresAt: number
}

/** Why somebody is not logged in: there is no such session, or no longer; its token is gone, or has no right to view any more. */
export type LoggedOut = 'ended' | 'token-gone'

export interface Sessions {
  /**
   * Logs the holder of a token in. The id is a secret, which the browser alone keeps. A Redis that takes no writes, or is away,
   * keeps nobody out: such a session is known here alone until Redis takes it.
   */
  begin(token: TokenEntry): Promise<{ readonly id: string; readonly session: Session }>
  /** When Redis is away, who was logged in a moment ago may go on looking; else throws what Redis said. */
  find(id: string, writes: boolean): Promise<Session | LoggedOut>
  /** Everywhere: whoever looks by it is told within seconds. */
  end(id: string): Promise<void>
}

export interface SessionsOptions {
  readonly redis: RedisClient
  readonly tokens: Pick<KnownTokens, 'find' | 'areComplete' | 'look' | 'tellOfChange'>
  /** A session that is not used for so long ends. */
  readonly opsSessionS: number
}

/** For so long, with Redis away, is somebody taken to be still logged in. */
const HONOURED_MS = 900_000
/** Of those seen here, also of those that Redis did not take. */
const MOST_REMEMBERED = 1_000
/** A session that is used is put off so often; one that Redis did not take is given to it again. */
const SLIDE_EVERY_MS = 30_000
const ID = /^[A-Za-z0-9_-]{43}$/

interface Seen {
  readonly stored: StoredSession
  readonly isInRedis: boolean
  /** When Redis answered last. */
  readonly seenAt: number
  readonly slidAt: number
}

export function sessions({ redis, tokens, opsSessionS }: SessionsOptions): Sessions {
  /** By hash, the one seen last at the end. */
  const seen = new Map<string, Seen>()
  const expiry = (slidAt: number): number => slidAt + opsSessionS * 1000

  function remember(hash: string, session: Seen): void {
    seen.delete(hash)
    seen.set(hash, session)
    const [oldest] = seen.keys()
    if (seen.size > MOST_REMEMBERED && oldest !== undefined) seen.delete(oldest)
  }

  async function look(hash: string): Promise<Seen | null> {
    const now = Date.now()
    const before = seen.get(hash)
    const here = before?.isInRedis === false ? before : undefined
    const isDue = !before || now - before.slidAt > Math.min(SLIDE_EVERY_MS, opsSessionS * 500)
    const hasRunOut = here !== undefined && now >= expiry(here.slidAt)
    const [text, slid] = await Promise.all([redis.get(sessionKey(hash)), isDue && !hasRunOut ? putOff(hash, here) : 0])
    const known = hasRunOut || !seen.has(hash) ? undefined : here // it may have been ended meanwhile
    const stored = text === null ? (known?.stored ?? null) : StoredSession.parse(JSON.parse(text))
    if (stored === null) {
      seen.delete(hash)
      return null
    }
    const isInRedis = text !== null || slid === 1
    const hasSlid = slid === 1 || (isDue && !isInRedis)
    const session = { stored, isInRedis, seenAt: now, slidAt: hasSlid ? now : (before?.slidAt ?? now) }
    remember(hash, session)
    return session
  }

  /** 0: Redis takes no writes, or has no such session. */
  async function putOff(hash: string, here: Seen | undefined): Promise<number> {
    if (here) return write(hash, here.stored)
    return redis.expire(sessionKey(hash), opsSessionS).catch(noneIfTrouble) // it ends when it ends
  }

  /** 0: Redis takes no writes, or is away. */
  async function write(hash: string, stored: StoredSession): Promise<number> {
    const answer = await redis.set(sessionKey(hash), JSON.stringify(stored), 'EX', opsSessionS).catch(noneIfTrouble)
    return answer === 'OK' ? 1 : 0
  }

  async function lookOrRemember(hash: string, writes: boolean): Promise<Seen | null> {
    try {
      return await look(hash)
    } catch (error) {
      const before = seen.get(hash)
      const isHonoured = before && Date.now() - before.seenAt < HONOURED_MS && Date.now() < expiry(before.slidAt)
      if (isRedisTrouble(error) && isHonoured && !writes) return before
      throw error
    }
  }

  return {
    async begin(token) {
      const id = randomBytes(32).toString('base64url')
      const stored = { token: token.id, sha256: token.sha256 }
      const now = Date.now()
      if ((await write(hashOf(id), stored)) === 0)
        remember(hashOf(id), { stored, isInRedis: false, seenAt: now, slidAt: now })
      return { id, session: { token, expiresAt: expiry(now) } }
    },
    async find(id, writes) {
      if (!ID.test(id)) return 'ended'
      const session = await lookOrRemember(hashOf(id), writes)
      if (session === null) return 'ended'
      const { token: tokenId, sha256 } = session.stored
      if (tokens.find(tokenId) === null && !tokens.areComplete()) await tokens.look() // Redis was away at the start
      const token = tokens.find(tokenId)
      if (token?.sha256 !== sha256 || !token.rights.includes('view')) return 'token-gone'
      return { token, expiresAt: expiry(session.slidAt) }
    },
    async end(id) {
      if (!ID.test(id)) return
      const hash = hashOf(id)
      const isHereAlone = seen.get(hash)?.isInRedis === false
      seen.delete(hash)
      if (isHereAlone) await Promise.all([redis.del(sessionKey(hash)), tokens.tellOfChange()]).catch(noneIfTrouble)
      else if ((await redis.del(sessionKey(hash))) > 0) await tokens.tellOfChange()
    },
  }
}

const hashOf = (id: string): string => createHash('sha256').update(id).digest('base64url')

function noneIfTrouble(error: unknown): 0 {
  if (isRedisTrouble(error)) return 0
  throw error
}
