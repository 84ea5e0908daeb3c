import { randomUUID } from 'node:crypto'
import type { BareJid, FailureCode, User } from '@rollcall/roster'
import { type ShardKeys, shardKeys, shardOf } from '../keys.ts'
import type { RedisClient } from '../redis.ts'
import { emptiedDomains, emptiedGuard } from './emptied.ts'
import { failureGroups } from './failure-groups.ts'
import { nameOf } from './names.ts'
import { repairs } from './repairs.ts'
import { loadScripts, type Scripts, scriptRunner } from './scripts.ts'
import { totals } from './totals.ts'
import { upkeep } from './upkeep.ts'

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

/** How far a user has come. All numbers are generations but `version`, which counts changes of the stored roster. */
export interface UserState {
  readonly wanted: number
  readonly fetched: number
  readonly failed: number
  readonly version: number
  /** Why the last fetch failed; empty when it did not. */
  readonly code: FailureCode | ''
  readonly message: string
}

/** A state as it is told to the replicas that wait for the user. */
export interface Notice extends UserState {
  readonly jid: BareJid
  readonly epoch: string
}

/** Reads what `settle.lua` publishes: one field a line, the message last. */
export function parseNotice(text: string): Notice {
  const [jid, epoch = '', wanted, fetched, failed, version, code, ...message] = text.split('\n')
  return {
    jid: jid as BareJid,
    epoch,
    wanted: Number(wanted),
    fetched: Number(fetched),
    failed: Number(failed),
    version: Number(version),
    code: code as Notice['code'],
    message: message.join('\n'),
  }
}

export interface StoredRoster {
  readonly body: Buffer
  readonly etag: string
  /** Epoch milliseconds by the clock of Redis. */
  readonly fetchedAt: number
  readonly version: number
  /** The last fetch failed: what is stored is the last good roster. */
  readonly stale: boolean
}

export interface RosterStoreOptions {
  readonly redis: RedisClient
  readonly shards: number
  /** Begins without an end after which a user is given up. */
  readonly maxStarts: number
  /** Entries that the change log of a shard keeps at least. */
  readonly changesMaxLen: number
  /** Pause before a user whose fetch failed is fetched again; it doubles up to the second. */
  readonly repairMinMs: number
  readonly repairMaxMs: number
  /** Of the rosters of a domain that are written within a minute, in a shard: what share, and how many, may be emptied. */
  readonly emptiedShare: number
  readonly emptiedMin: number
  /** A stored roster is fetched again when it is older; 0 (the default): never. */
  readonly maxRosterAgeS?: number
  /** One that nobody used for so long is dropped; 0 (the default): never. */
  readonly rosterTtlS?: number
  readonly scripts?: Scripts
}

export type RosterStore = ReturnType<typeof rosterStore>

/** Rosters and their refresh state in Redis. Each operation is atomic: one script, or one command. */
export function rosterStore(options: RosterStoreOptions) {
  const { redis, shards, maxStarts, changesMaxLen, repairMinMs, repairMaxMs } = options
  const { maxRosterAgeS = 0, rosterTtlS = 0, scripts = loadScripts(redis.isCluster) } = options
  const guard = emptiedGuard(options)
  const run = scriptRunner(redis, scripts)
  const keysOfShard = Array.from({ length: shards }, (_, shard) => shardKeys(shard))
  const keysOf = (jid: BareJid) => keysAt(shardOf(jid, shards))
  const keysAt = (shard: number) => {
    const keys = keysOfShard[shard]
    if (!keys) throw new RangeError(`Shard ${shard} does not exist: SHARDS is ${shards}`)
    return keys
  }

  return {
    /** Asks for the rosters of up to 500 users of one shard; `replica` is told when each has settled. */
    async request(shard: number, users: readonly BareJid[], replica: string): Promise<Requested> {
      const keys = keysAt(shard)
      const [epoch, ...numbers] = (await run(
        'request',
        [keys.epoch, keys.open, ...users.map(keys.user)],
        [replica, randomUUID(), keys.userPrefix.length],
      )) as [string, ...number[]]
      return { epoch, at: (i) => ({ generation: numbers[2 * i] ?? 0, version: numbers[2 * i + 1] ?? 0 }) }
    },

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
          ...(guarded ?? []),
        ],
      )) as DropResult
    },

    /**
     * Settles up to 500 users of one shard as failed for a request that an operator cancels, unless they have settled, or an
     * earlier one is open. Returns how many, and those of them whom nobody else asks for.
     */
    async cancel(
      shard: number,
      users: readonly BareJid[],
      { epoch, generations }: { readonly epoch: string; readonly generations: readonly number[] },
      failure: FetchFailure,
    ): Promise<{ readonly cancelled: number; readonly closed: readonly BareJid[] }> {
      const keys = keysAt(shard)
      const [cancelled, ...closed] = (await run(
        'cancel',
        [keys.epoch, keys.open, keys.failed, keys.userPrefix],
        [
          ...[epoch, keys.settledPrefix, failure.code, failure.message, repairMaxMs],
          ...users.flatMap((jid, i) => [generations[i] ?? 0, jid]),
        ],
      )) as [number, ...BareJid[]]
      return { cancelled, closed }
    },

    /** Says that a fetch ended without settling its user, so that it does not count as one that killed its worker. */
    async release({ jid }: User, fetch: Fetch): Promise<void> {
      await run('release', [keysOf(jid).user(jid)], [fetch.fence, fetch.nonce])
    },

    /** How far up to 500 users of one shard have come. */
    async states(shard: number, users: readonly BareJid[]): Promise<{ epoch: string; states: UserState[] }> {
      const keys = keysAt(shard)
      const [epoch, ...rows] = (await run('settled', [keys.epoch, ...users.map(keys.user)], [])) as [
        string,
        ...StateRow[],
      ]
      return { epoch, states: rows.map(stateOf) }
    },

    /** Whether the backend has said that the user is gone, and has not given a roster since. */
    async isGone(jid: BareJid): Promise<boolean> {
      return (await redis.zscore(keysOf(jid).gone, jid)) !== null
    },

    /** Users of a shard that have been open for longer than `graceMs`, unless another process looked within `intervalMs`. */
    async sweep(shard: number, graceMs: number, intervalMs: number, most: number): Promise<BareJid[]> {
      const keys = keysAt(shard)
      return (await run('sweep', [keys.open, keys.sweep], [graceMs, intervalMs, most])) as BareJid[]
    },

    /** How many users have been asked for and have not settled. */
    async countOpen(): Promise<number> {
      // On a Cluster some shards may be away, which the others need not notice.
      const ofShard = ({ open }: ShardKeys) => (redis.isCluster ? redis.zcard(open).catch(() => 0) : redis.zcard(open))
      const counts = await Promise.all(keysOfShard.map(ofShard))
      return counts.reduce((sum, count) => sum + count, 0)
    },

    ...repairs({ run, shards, keysAt, repairMinMs, repairMaxMs }),
    ...failureGroups({ redis, run, shards, keysAt }),
    ...emptiedDomains({ redis, run, shards, keysAt }),

    ...totals({ redis, shards, keysAt }),
    ...upkeep({ run, shards, keysAt, maxRosterAgeS, rosterTtlS }),

    async read(jid: BareJid): Promise<StoredRoster | null> {
      const [body, etag, state] = await redis.hmgetBuffer(keysOf(jid).roster(jid), ...READ)
      if (!body || !etag || !state) return null
      const [fetchedAt, version, stale] = state.toString('latin1').split(' ')
      return {
        body,
        etag: etag.toString('latin1'),
        fetchedAt: Number(fetchedAt),
        version: Number(version),
        stale: stale === '1',
      }
    },
  }
}

export interface Requested {
  readonly epoch: string
  /** Generation asked for, and version stored at that moment, of the i-th user. */
  at(i: number): { readonly generation: number; readonly version: number }
}

export interface FetchFailure {
  readonly code: FailureCode
  readonly message: string
}

export interface JobLock {
  readonly jobId: string
  readonly token: string
}

const READ = ['body', 'etag', 'state'] as const

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

type StateRow = [number, number, number, number, FailureCode | '', string]

const stateOf = ([wanted, fetched, failed, version, code, message]: StateRow): UserState => ({
  wanted,
  fetched,
  failed,
  version,
  code,
  message,
})
