import { randomUUID } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { BareJid } from '@rollcall/roster'

/**
 * Every Redis key of Rollcall is spelled here and nowhere else.
 * All keys of a shard carry its hash tag, so they share one slot of a Redis Cluster and one script may touch them all.
 */
export interface ShardKeys {
  /** Hash tag and prefix of everything in the shard; BullMQ's prefix too. */
  readonly prefix: string
  /** Prefix of the user hashes: a bare JID follows. */
  readonly userPrefix: string
  /** Prefix of the stored rosters: a bare JID follows. */
  readonly rosterPrefix: string
  readonly open: string
  readonly failed: string
  /** Names of the groups of failed users that have members, and since when. */
  readonly failedGroups: string
  readonly emptied: string
  readonly stored: string
  readonly names: string
  readonly changes: string
  readonly epoch: string
  readonly sweep: string
  /** Users with a stored roster, by when they were last read or named in a notice. */
  readonly used: string
  /** Users whom the backend said to be gone, by the change that told of it. */
  readonly gone: string
  /** When the shard was last looked through for old and unused rosters, and how far. */
  readonly upkeep: string
  /** Refreshes recorded in the shard whose users have not all been asked for. */
  readonly accepting: string
  /** Refreshes recorded in the shard, by when they were accepted: large ones; small ones, which shall not displace them. */
  readonly refreshes: string
  readonly smallRefreshes: string
  /** Those of both of which it is not written down that they are done. */
  readonly runningRefreshes: string
  /** Written to see whether the shard takes writes. */
  readonly probe: string
  /** Prefix of the channels on which settled users are told: a replica's id follows. */
  readonly settledPrefix: string
  /** How far the refreshes of a user have come: small, and never deleted. */
  user(jid: BareJid): string
  /** What is stored of a user's roster, ready to be served. */
  roster(jid: BareJid): string
  /** Users who failed for one reason at one backend; spelled in groups.lua as well. */
  failedGroup(name: string): string
  /** The lock that BullMQ holds for a running job. */
  jobLock(jobId: string): string
  /** The id of the job that BullMQ has for a user. */
  jobOf(jid: BareJid): string
}

export const QUEUE_NAME = 'refresh'
export const SCHEMA_KEY = 'rollcall:schema'
export const PROCESSES_KEY = 'rollcall:processes'

/** Who did what in the dashboard: the audit log. */
export const AUDIT_KEY = 'rollcall:audit'
/** Tokens made at run time, by id, without the tokens themselves. */
export const TOKENS_KEY = 'rollcall:tokens'
/** When each token was last used, about. */
export const TOKEN_USES_KEY = 'rollcall:token-uses'
/** One who is logged in, by the hash of what the browser has: expires. */
export const sessionKey = (hash: string): string => `rollcall:session:${hash}`

/** Who has asked for refreshes of late, for which domain. */
export const CALLERS_KEY = 'rollcall:callers'

export const processKey = (id: string): string => `rollcall:process:${id}`

/**
 * The record of a refresh is kept in the shard of its first user, so that what is asked of one shard depends on no other
 * one; the first four digits of its id say in which.
 */
export const refreshId = (shard: number): string => shard.toString(16).padStart(4, '0') + randomUUID().slice(4)
/** No other text may become part of a key of Redis. */
export const isRefreshId = (text: string): boolean => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
export const shardOfRefresh = (id: string): number => Number.parseInt(id.slice(0, 4), 16)
export const refreshKey = (id: string): string => `rollcall:{${shardOfRefresh(id)}}:record:${id}`
/** Expires when the api that takes a refresh in no longer says that it lives. */
export const refreshOwnerKey = (id: string): string => `${refreshKey(id)}:owner`
export const refreshChunkKey = (id: string, chunk: number): string => `${refreshKey(id)}:${chunk}`
/** What is kept of one target in a shard. */
export function deliveryKeys(shard: number, target: string) {
  const prefix = `rollcall:{${shard}}`
  return {
    /** Who tells it of changes: the id of a gateway. */
    lease: `${prefix}:lease:${target}`,
    /** How far it has come. */
    delivery: `${prefix}:delivery:${target}`,
    /** Users who could not be brought to it, by when they are tried again. */
    owed: `${prefix}:owed:${target}`,
    /** Users that somebody wants to be brought to it now. */
    asked: `${prefix}:asked:${target}`,
    /** What came of the last attempts. */
    attempts: `${prefix}:attempts:${target}`,
    /** What came of one such request, by user. */
    answer: (id: string): string => `${prefix}:answer:${id}`,
  }
}

/** The numbers of all processes over time; a resolution and the number of a step follow. All in one slot, for one script. */
export const HISTORY_PREFIX = 'rollcall:{history}:'
/** What a step has of a domain alone, or of all; spelled in record.lua as well. */
export const historyKey = (resolution: string, step: number, domain = ''): string =>
  `${HISTORY_PREFIX}${resolution}:${step}${domain && `:${domain}`}`
/** Number of the last write of a process; expires. */
export const historyWriterKey = (processId: string): string => `${HISTORY_PREFIX}writer:${processId}`
/** The api that measures for all what no process counts; expires. */
export const HISTORY_SAMPLER_KEY = `${HISTORY_PREFIX}sampler`

/** What may be asked of the backend of a domain. */
export const limitKey = (domain: string): string => `rollcall:limit:${domain}`

/** The shard of a user: a stable hash of the bare JID modulo the number of shards. */
export const shardOf = (jid: BareJid, shards: number): number => (shards === 1 ? 0 : crc32(jid) % shards)

export function shardKeys(shard: number): ShardKeys {
  const prefix = `rollcall:{${shard}}`
  const userPrefix = `${prefix}:user:`
  const rosterPrefix = `${prefix}:roster:`
  const jobPrefix = `${prefix}:${QUEUE_NAME}:`
  return {
    prefix,
    userPrefix,
    rosterPrefix,
    open: `${prefix}:open`,
    failed: `${prefix}:failed`,
    failedGroups: `${prefix}:failed:groups`,
    emptied: `${prefix}:emptied`,
    stored: `${prefix}:stored`,
    names: `${prefix}:names`,
    changes: `${prefix}:changes`,
    epoch: `${prefix}:epoch`,
    sweep: `${prefix}:sweep`,
    used: `${prefix}:used`,
    gone: `${prefix}:gone`,
    upkeep: `${prefix}:upkeep`,
    accepting: `${prefix}:accepting`,
    refreshes: `${prefix}:refreshes`,
    smallRefreshes: `${prefix}:refreshes:small`,
    runningRefreshes: `${prefix}:refreshes:running`,
    probe: `${prefix}:probe`,
    settledPrefix: `${prefix}:settled:`,
    user: (jid) => userPrefix + jid,
    roster: (jid) => rosterPrefix + jid,
    failedGroup: (name) => `${prefix}:failed:${name}`,
    jobLock: (jobId) => `${jobPrefix}${jobId}:lock`,
    jobOf: (jid) => `${jobPrefix}de:${jid}`,
  }
}

/** Users grouped by shard, each group in the order given. */
export function byShard<T>(items: readonly T[], jidOf: (item: T) => BareJid, shards: number): Map<number, T[]> {
  if (shards === 1) return new Map(items.length > 0 ? [[0, [...items]]] : [])
  const groups = new Map<number, T[]>()
  for (const item of items) {
    const shard = shardOf(jidOf(item), shards)
    const group = groups.get(shard)
    if (group) group.push(item)
    else groups.set(shard, [item])
  }
  return groups
}
