import { setImmediate as turn } from 'node:timers/promises'
import { type Domain, type Failure, parseUser, type User } from '@rollcall/roster'

/** The body of a notification is not what it should be; the message says what and where. */
export class BadNotificationError extends Error {
  override readonly name = 'BadNotificationError'
  readonly status: 400 | 413
  constructor(status: 400 | 413, message: string, cause?: unknown) {
    super(message, { cause })
    this.status = status
  }
}

export interface Notification {
  /** Distinct. */
  readonly users: readonly User[]
  /** Distinct names that cannot be used. */
  readonly unusable: readonly Failure[]
}

export interface KnownDomains {
  readonly default: Domain
  has(domain: Domain): boolean
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Names looked at in one go, a few milliseconds: others are to be served between the parts of a long list. */
const NAMES_PER_TURN = 5000

/** The users that a body names: a JSON array of usernames. Rejects with `BadNotificationError`. */
export async function parseNotification(
  body: Uint8Array | undefined,
  domains: KnownDomains,
  maxUsernames: number,
): Promise<Notification> {
  const names = parseNames(body)
  if (names.length > maxUsernames) {
    throw new BadNotificationError(
      413,
      `The body names ${names.length} users; at most ${maxUsernames} are taken at once (MAX_USERNAMES)`,
    )
  }
  const users = new Map<string, User>()
  const unusable = new Map<string, Failure>()
  for (const [at, name] of names.entries()) {
    if (at > 0 && at % NAMES_PER_TURN === 0) await turn()
    if (typeof name !== 'string') {
      throw new BadNotificationError(400, `body[${at}] is ${kindOf(name)}; a username is a string`)
    }
    const parsed = parseUser(name, domains)
    if (parsed.kind === 'user') users.set(parsed.user.jid, parsed.user)
    else unusable.set(name, parsed.failure)
  }
  return { users: [...users.values()], unusable: [...unusable.values()] }
}

const EXPECTED = 'send a JSON array of usernames, such as ["john","aaron"]'

function parseNames(body: Uint8Array | undefined): unknown[] {
  if (!body || body.length === 0) throw new BadNotificationError(400, `The body is empty; ${EXPECTED}`)
  const names = parseJson(decode(body))
  if (!Array.isArray(names)) throw new BadNotificationError(400, `The body is ${kindOf(names)}; ${EXPECTED}`)
  return names
}

function decode(body: Uint8Array): string {
  try {
    return utf8.decode(body)
  } catch (error) {
    throw new BadNotificationError(400, `The body is not UTF-8; ${EXPECTED}`, error)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 120) : ''
    throw new BadNotificationError(400, `The body is not JSON (${why}); ${EXPECTED}`, error)
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
