import { type OpsUser, readContactsBody, toV1Roster, type User } from '@rollcall/roster'
import {
  type ChangeLog,
  deliveryOfUser,
  liveProcesses,
  type QueueControl,
  type RedisClient,
  type RosterStore,
  type StoredRoster,
  shardOf,
  type TargetConfig,
  type UserRecord,
  type UserRecords,
} from '@rollcall/runtime'
import { namedTargets } from './named-targets.ts'
import { readableChanges } from './readable-changes.ts'

export interface ShowUserDeps {
  readonly redis: RedisClient
  readonly shards: number
  readonly store: Pick<RosterStore, 'read'>
  readonly userRecords: Pick<UserRecords, 'read'>
  readonly changes: Pick<ChangeLog, 'ofUser'>
  readonly queues: Pick<QueueControl, 'jobOf'>
  /** Who is told of changes. */
  readonly targets: readonly TargetConfig[]
}

const LAST_CHANGES = 20

/** All that is known of one user; null: nothing is. */
export async function showUser({ jid, username, domain }: User, deps: ShowUserDeps): Promise<OpsUser | null> {
  const shard = shardOf(jid, deps.shards)
  const [roster, record, entries, job, deliveries] = await Promise.all([
    deps.store.read(jid),
    deps.userRecords.read(jid),
    deps.changes.ofUser(jid, LAST_CHANGES),
    deps.queues.jobOf(shard, jid),
    deliveriesOf({ jid, domain }, shard, deps),
  ])
  if (roster === null && record === null && job === null) return null
  const oldest = entries.at(-1)
  return {
    jid,
    username,
    domain,
    shard,
    stored: roster && storedOf({ jid, username, domain }, roster),
    refresh: refreshOf(record ?? NEVER_ASKED_FOR),
    job,
    changes: readableChanges(entries),
    hasOlderChanges: oldest === undefined ? (record?.version ?? 0) > 0 : Number(oldest.version) > 1,
    deliveries,
  }
}

const NEVER_ASKED_FOR: UserRecord = {
  wanted: 0,
  fetched: 0,
  failed: 0,
  version: 0,
  code: '',
  message: '',
  failedAt: null,
  repairs: 0,
  waiting: [],
  openSince: null,
  nextRepairAt: null,
}

function storedOf(user: User, { body, etag, version, stale, ...stored }: StoredRoster): NonNullable<OpsUser['stored']> {
  const fetchedAt = iso(stored.fetchedAt)
  const roster = readContactsBody(body.toString())
  return {
    version,
    fetchedAt,
    isStale: stale,
    etag,
    bytes: body.length,
    contacts: toV1Roster({ user, version, fetchedAt, roster }).contacts,
  }
}

function refreshOf(record: UserRecord): OpsUser['refresh'] {
  const { wanted, fetched, failed, code, message, failedAt, openSince, nextRepairAt, repairs, waiting } = record
  return {
    wanted,
    fetched,
    failed,
    ...(code !== '' && { failure: { code, message, ...(failedAt !== null && { at: iso(failedAt) }) } }),
    ...(openSince !== null && { openSince: iso(openSince) }),
    ...(nextRepairAt !== null && { nextRepairAt: iso(nextRepairAt) }),
    repairs,
    waiting,
  }
}

async function deliveriesOf(
  { jid, domain }: Pick<User, 'jid' | 'domain'>,
  shard: number,
  { redis, targets }: ShowUserDeps,
): Promise<OpsUser['deliveries'][number][]> {
  const told = targets.filter((target) => target.domain === domain)
  if (told.length === 0) return []
  const living = await liveProcesses(redis)
  const gateways = new Set(living.map(({ id }) => id))
  const named = namedTargets(told, living)
  return Promise.all(
    named.map(async ({ name }) => {
      const { isOwed, isWaiting, target, last } = await deliveryOfUser(redis, shard, name, jid)
      const state = target && gateways.has(target.holder) ? target.state : 'unserved'
      const trouble = (state === 'unavailable' || state === 'disabled') && target?.lastError
      return {
        target: name,
        state,
        ...(trouble && { trouble: { code: trouble.code, message: trouble.message, at: trouble.at } }),
        isWaiting,
        isOwed,
        ...(last && { last: lastOf(last) }),
      }
    }),
  )
}

type LastAttempt = NonNullable<OpsUser['deliveries'][number]['last']>
const lastOf = ({ at, result, version, code, message }: LastAttempt): LastAttempt => ({
  at,
  result,
  version,
  ...(code !== undefined && { code }),
  ...(message !== undefined && { message }),
})

const iso = (ms: number): string => new Date(ms).toISOString()
