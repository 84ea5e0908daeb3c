import { randomUUID } from 'node:crypto'
import type { BareJid, FailureCode, User } from '@rollcall/roster'
import type { ShardKeys } from '../keys.ts'
import { type EmptiedRules, emptiedGuard } from './emptied.ts'
import { MOST_NEVER_KNOWN } from './failure-groups.ts'
import { nameOf } from './names.ts'
import type { RunScript } from './scripts.ts'

/** A stored roster of up to so many contacts comes along with `begin`: sending it costs less than asking for it. */
const SMALL_ROSTER = 100

/** What the backend said of the copy that is stored; absent fields: nothing to compare with. */
export interface Source {
  readonly etag?: string
  readonly hash?: string
}

/** A fetch that has begun: only the latest begun of a user may write. */
export interface Fetch {
  readonly kind: 'begun'
  readonly generation: number
  readonly fence: number
  readonly nonce: string
  readonly source: Source
  /** ETag of the stored body; absent when nothing is stored. */
  readonly etag?: string
  /** The stored body, when the roster is small. */
  readonly body?: string
  /** Nothing is stored, but was once: what has changed since then is not known. */
  readonly dropped?: true
  /**
   * When the user was first asked for, as `performance.now()` counts: so long ago as Redis says. Absent: nobody waits.
   */
  readonly askedAt?: number
}

export type Begin = Fetch | { readonly kind: 'nothing-to-do' } | { readonly kind: 'given-up' }

/** `superseded-open`: a later fetch has begun but has not settled the user; somebody must look again. */
export type WriteResult = 'ok' | 'superseded' | 'superseded-open'

/** `held`: the backend may have lost its data, so nothing was written; `tripped`: and it is the first one of its domain. */
export type CommitResult = WriteResult | 'held' | 'tripped'

export type DropResult = CommitResult | 'lock-lost'

export interface NewRoster {
  /** The roster in the form of `/contacts`, ready to be sent: bytes, which cost less to pass on than text. */
  readonly body: string | Buffer
  readonly etag: string
  readonly source: Source
  readonly contacts: number
  /** One entry of the change log, as JSON. */
  readonly change: string
}

export interface FetchFailure {
  readonly code: FailureCode
  readonly message: string
}

export interface JobLock {
  readonly jobId: string
  readonly token: string
}

export interface FetchesOptions extends EmptiedRules {
  readonly run: RunScript
  readonly keysOf: (jid: BareJid) => ShardKeys
  /** Begins without an end after which a user is given up. */
  readonly maxStarts: number
  /** Entries that the change log of a shard keeps at least. */
  readonly changesMaxLen: number
  /** Pause before a user whose fetch failed is fetched again; it doubles up to the second. */
  readonly repairMinMs: number
  readonly repairMaxMs: number
}

/** How a fetch begins, and what becomes of what it brought. Each is one script, which holds what is to be held. */
export function fetches(options: FetchesOptions) {
  const { run, keysOf, maxStarts, changesMaxLen, repairMinMs, repairMaxMs } = options
  const guard = emptiedGuard(options)

  return {
    async begin({ jid }: User): Promise<Begin> {
      const keys = keysOf(jid)
      const nonce = randomUUID()
      const args = [jid, nonce, maxStarts, keys.settledPrefix, SMALL_ROSTER, repairMaxMs]
      const [kind, generation, fence, sourceEtag, sourceHash, etag, body, version, openMs = -1] = (await run(
        'begin',
        settlingKeys(keys, jid),
        args,
      )) as [Begin['kind'], number, number, string, string, string, string, string?, number?]
      if (kind !== 'begun') return { kind }
      const source = { ...(sourceEtag && { etag: sourceEtag }), ...(sourceHash && { hash: sourceHash }) }
      const dropped = Number(version) > 0 && { dropped: true as const }
      return {
        kind,
        generation,
        fence,
        nonce,
        source,
        ...(etag && { etag }),
        ...(body && { body }),
        ...dropped,
        ...(openMs >= 0 && { askedAt: performance.now() - openMs }),
      }
    },

    async commit({ jid, username, domain }: User, fetch: Fetch, roster: NewRoster): Promise<CommitResult> {
      const keys = keysOf(jid)
      const guarded = guard.commit(domain, roster.contacts)
      return (await run(
        guarded ? 'guarded-commit' : 'commit',
        [
          ...settlingKeys(keys, jid),
          keys.stored,
          keys.names,
          keys.changes,
          keys.gone,
          ...(guarded ? [keys.emptied] : []),
        ],
        [
          ...writeArgs(jid, fetch, keys.settledPrefix, roster.source),
          roster.body,
          roster.etag,
          roster.contacts,
          roster.change,
          changesMaxLen,
          nameOf(domain, username),
          ...(guarded ?? []),
        ],
      )) as CommitResult
    },

    async confirm({ jid, domain }: User, fetch: Fetch, source: Source): Promise<WriteResult> {
      const keys = keysOf(jid)
      guard.confirm(domain)
      return (await run(
        'confirm',
        [...settlingKeys(keys, jid), keys.stored],
        writeArgs(jid, fetch, keys.settledPrefix, source),
      )) as WriteResult
    },

    /** Settles a user as failed, for the last attempt of a job whose lock is still held. */
    async fail({ jid }: User, fetch: Fetch, failure: FetchFailure, lock: JobLock): Promise<'ok' | 'lock-lost'> {
      const keys = keysOf(jid)
      return (await run(
        'fail',
        [...settlingKeys(keys, jid), keys.jobLock(lock.jobId)],
        [
          jid,
          fetch.generation,
          lock.token,
          keys.settledPrefix,
          failure.code,
          failure.message,
          repairMinMs,
          repairMaxMs,
          MOST_NEVER_KNOWN,
        ],
      )) as 'ok' | 'lock-lost'
    },

    /**
     * The user is gone: the stored roster is dropped, of which `change` tells, and he settles as failed; he is gone until he
     * has a roster again. A write as
     * `commit`, and the end of a job as `fail`, whose lock has to be held.
     */
    async drop(
      { jid, username, domain }: User,
      fetch: Fetch,
      failure: FetchFailure,
      change: string,
      lock: JobLock,
    ): Promise<DropResult> {
      const keys = keysOf(jid)
      const { jobId, token } = lock
      const guarded = guard.commit(domain, 0)
      return (await run(
        'drop',
        [
          ...settlingKeys(keys, jid),
          keys.jobLock(jobId),
          keys.stored,
          keys.names,
          keys.used,
          keys.changes,
          keys.gone,
          ...(guarded ? [keys.emptied] : []),
        ],
        [
          jid,
          fetch.generation,
          fetch.fence,
          fetch.nonce,
          keys.settledPrefix,
          token,
          failure.code,
          failure.message,
          change,
          changesMaxLen,
          nameOf(domain, username),
          MOST_NEVER_KNOWN,
          ...(guarded ?? []),
        ],
      )) as DropResult
    },

    /** Says that a fetch ended without settling its user, so that it does not count as one that killed its worker. */
    async release({ jid }: User, fetch: Fetch): Promise<void> {
      await run('release', [keysOf(jid).user(jid)], [fetch.fence, fetch.nonce])
    },
  }
}

/** What `settle.lua` needs, and every script that ends with it. */
const settlingKeys = (keys: ShardKeys, jid: BareJid) => [
  keys.user(jid),
  keys.roster(jid),
  keys.open,
  keys.epoch,
  keys.failed,
]

const writeArgs = (jid: BareJid, fetch: Fetch, settledPrefix: string, source: Source) => [
  jid,
  fetch.generation,
  fetch.fence,
  fetch.nonce,
  settledPrefix,
  source.etag ?? '',
  source.hash ?? '',
]
