import type { BareJid, Change, Contact, Roster, TargetFailureCode, User } from '@rollcall/roster'
import type { Log } from '@rollcall/runtime'

/**
 * Whom changes are told. A target makes one attempt and says what came of it: when to try again, how many at a time and
 * which user comes next is decided in one place for all of them, `deliver.ts`. Every attempt ends by its signal: by a
 * TimeoutError when its time is up, by anything else when Rollcall ends.
 */
export type Target = RosterTarget | NotifyTarget

interface Common {
  /**
   * Whether the target can be used, before the first delivery and after it could not be: connects where there is a
   * connection to keep. Throws a TargetError that says why not. Absent: the next delivery shows it.
   */
  check?(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** A server whose rosters can be read and written, one contact at a time: brought to the stored state by comparing. */
export interface RosterTarget extends Common {
  readonly kind: 'roster'
  /** The roster as the server has it; EMPTY_ROSTER for somebody without one. */
  get(user: User, signal: AbortSignal): Promise<Roster>
  /** Adds a contact or changes it. */
  put(user: User, contact: Contact, signal: AbortSignal): Promise<void>
  /** Removes a contact; one who is not there is no error. */
  remove(user: User, contact: BareJid, signal: AbortSignal): Promise<void>
  /** Whether a removal changes the roster of the contact as well, who has to be looked at again then. */
  readonly removalTouchesContact: boolean
}

/** Somebody who is told who changed and looks for himself. */
export interface NotifyTarget extends Common {
  readonly kind: 'notify'
  /** Changes in one message at most, each of another user. */
  readonly batchSize: number
  /**
   * For each change in order: null when it arrived, or why not. Throws when none did, or when it is not known which did: with
   * scope `user` when one of them was to blame, and each is told by itself then.
   */
  notify(changes: readonly Notification[], signal: AbortSignal): Promise<readonly (TargetError | null)[]>
}

/** What has changed of one user since he was last told of: several changes are one by then. */
export interface Notification {
  /** The same when it is repeated. */
  readonly id: string
  readonly user: User
  /** Epoch milliseconds, by the clock of Redis. */
  readonly at: number
  /** Of the roster; 0: not known. */
  readonly version: number
  /** What changed; null when it is not known, and whoever needs it reads the roster. */
  readonly change: Pick<Change, 'added' | 'updated' | 'removed'> | null
}

/** What a target is made from, beside its configuration. */
export interface TargetDeps {
  /** Of Rollcall, for a User-Agent. */
  readonly version: string
  readonly log: Log
  /** Somebody has just come online: his roster is compared. */
  readonly onLogin?: (user: User) => void
}

/**
 * Why an attempt failed.
 * - scope `target`: nobody can be served; the target is left alone for a while, and when not `isTemporary` (it is gone)
 *   until somebody enables it again.
 * - scope `user`: others can be. When `isTemporary`, this one is tried again a few times; else at his next change.
 */
export class TargetError extends Error {
  override readonly name = 'TargetError'
  readonly code: TargetFailureCode
  readonly scope: 'target' | 'user'
  readonly isTemporary: boolean
  /** The target asked to be left alone for so long. */
  readonly retryAfterMs: number | undefined

  constructor(code: TargetFailureCode, message: string, options: TargetErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.scope = options.scope ?? 'target'
    this.isTemporary = options.isTemporary ?? this.scope === 'target'
    this.retryAfterMs = options.retryAfterMs
  }
}

interface TargetErrorOptions {
  readonly scope?: 'target' | 'user'
  readonly isTemporary?: boolean
  readonly retryAfterMs?: number
  readonly cause?: unknown
}
