import type { BareJid, Domain, Failure, RefreshOutcome, User } from '@rollcall/roster'
import {
  byShard,
  type Log,
  MAX_USERS_PER_CALL,
  PRIORITY,
  type Priority,
  type RefreshQueue,
  type RosterStore,
  refreshId,
  type Tracing,
} from '@rollcall/runtime'
import { failureCounts } from './failure-counts.ts'
import { insist } from './insist.ts'
import type { Intake } from './intake.ts'
import type { OpenUsers } from './open-users.ts'
import type { Patience } from './patience.ts'
import { CANCELLED, foundOf } from './refresh-progress.ts'
import type { RefreshChunk, RefreshHeader, RefreshRecords } from './refresh-records.ts'
import type { Settlements } from './settlements.ts'
import { type Tally, tally } from './tally.ts'
import type { Usage } from './usage-marks.ts'

export interface RefreshDeps {
  readonly store: Pick<RosterStore, 'request' | 'states' | 'read'>
  readonly queue: Pick<RefreshQueue, 'enqueue'>
  readonly intake: Intake
  readonly openUsers: OpenUsers
  readonly settlements: Settlements
  readonly records: RefreshRecords
  readonly usage: Pick<Usage, 'mark'>
  readonly shards: number
  readonly replica: string
  readonly defaultDomain: Domain
  readonly smallRefresh: number
  readonly recheckIntervalMs: number
  readonly tracing?: Tracing | undefined
  readonly log: Log
}

export interface RefreshRequest {
  readonly caller: string
  readonly domain: Domain
  readonly users: readonly User[]
  /** Names that could not be used. */
  readonly unusable: readonly Failure[]
}

export interface RefreshResult extends RefreshOutcome {
  /** Its id. */
  readonly refresh: string
}

/** Chunks of one refresh that are asked for, or wait for their turn, at a time: others get theirs in between. */
const CHUNKS_IN_FLIGHT = 4

/** Asks for the rosters of users and waits for them, until the deadline at most. Throws when Redis is away. */
export async function refreshUsers(
  request: RefreshRequest,
  patience: Patience,
  deps: RefreshDeps,
): Promise<RefreshResult> {
  const users = request.users.map((user) => user.jid)
  const chunks = chunksOf(users, deps.shards)
  const header = headerOf(request, chunks)
  const waiting = await tally(users, deps.settlements, nameIn(deps.defaultDomain))
  try {
    await deps.records.accept(header, chunks)
    const priority = priorityOf(users, deps)
    const takenIn = deps.openUsers.takingIn(users.length)
    const intake = takeIn(header, chunks, priority, waiting, deps).finally(takenIn)
    users.forEach(deps.usage.mark)
    await untilAnswerable(intake, priority, waiting, patience, deps)
    return await conclude(header, waiting, deps)
  } finally {
    waiting.stop()
  }
}

/** Asks for the roster of somebody who logs in, ahead of everybody else, and waits for it. Throws when Redis is away. */
export async function refreshForLogin(user: User, patience: Patience, deps: RefreshDeps): Promise<RefreshOutcome> {
  const waiting = await tally([user.jid], deps.settlements, nameIn(deps.defaultDomain))
  try {
    const [chunk] = chunksOf([user.jid], deps.shards)
    const intake = chunk ? askFor(chunk, PRIORITY.login, waiting, deps) : Promise.resolve()
    await untilAnswerable(intake, PRIORITY.login, waiting, patience, deps)
    return waiting.counts()
  } finally {
    waiting.stop()
  }
}

/** Asks for every chunk that has not been asked for yet; also what is left of a refresh whose api died. */
export async function takeIn(
  header: RefreshHeader,
  chunks: readonly RefreshChunk[],
  priority: Priority,
  waiting: Tally | null,
  deps: RefreshDeps,
): Promise<void> {
  let isCancelled = false
  const left = chunks
    .map((chunk, at) => ({ chunk, at }))
    .filter(({ chunk }) => !chunk.requested)
    .values()
  const lane = async (): Promise<void> => {
    for (const { chunk, at } of left) {
      const record = (asked: RefreshChunk) => deps.records.requested(header.id, at, asked)
      // What is asked for at once leaves nobody the time to cancel it.
      isCancelled ||= chunks.length > 1 && (await deps.records.isCancelled(header.id))
      if (isCancelled) waiting?.giveUp(chunk.users, CANCELLED)
      else await deps.intake(priority, () => askFor(chunk, priority, waiting, deps, record))
    }
  }
  try {
    await Promise.all(Array.from({ length: CHUNKS_IN_FLIGHT }, lane))
    await deps.records.takenIn(header.id)
  } catch (error) {
    deps.records.abandon(header.id)
    throw error
  }
}

/** Asks for the users of one chunk: they are in `open` and in the queue then. */
export async function askFor(
  chunk: RefreshChunk,
  priority: Priority,
  waiting: Tally | null,
  { store, queue, replica }: RefreshDeps,
  record: (chunk: RefreshChunk) => Promise<void> = async () => {},
): Promise<void> {
  const requested = await store.request(chunk.shard, chunk.users, waiting ? replica : '')
  waiting?.expect(chunk.users, requested)
  const asked = chunk.users.map((_, i) => requested.at(i))
  const generations = asked.map(({ generation }) => generation)
  const versions = asked.map(({ version }) => version)
  await Promise.all([
    record({ ...chunk, requested: { epoch: requested.epoch, generations, versions } }),
    queue.enqueue(chunk.users, priority),
  ])
}

/** Waits until all have settled or patience is over. An intake that goes on then goes on without anybody waiting. */
async function untilAnswerable(
  intake: Promise<void>,
  priority: Priority,
  waiting: Tally,
  patience: Patience,
  deps: RefreshDeps,
): Promise<void> {
  const settled = intake.then(() => waiting.complete)
  const relent = insist(waiting, priority, deps)
  const inTime = await Promise.race([settled.then(() => true), patience.over.then(() => false)]).finally(relent)
  if (inTime) return
  intake.catch((error: unknown) =>
    deps.log.warn(
      { err: error },
      'A refresh was not taken in after its caller was answered; an api will go on with it',
    ),
  )
}

async function conclude(header: RefreshHeader, waiting: Tally, { records, log }: RefreshDeps): Promise<RefreshResult> {
  const counts = waiting.counts()
  const failures = [...header.unusable.failures, ...counts.failures]
  const result = { ...counts, errors: counts.errors + header.unusable.count, failures, refresh: header.id }
  report(header, result, log)
  if (counts.pending === 0) {
    records
      .finish(header, foundOf(header, counts, waiting.failuresByCode()))
      .catch((error: unknown) =>
        log.warn({ err: error, refresh: header.id }, 'The result of a refresh could not be written down'),
      )
  }
  return result
}

/** Who failed first and why is told at once: nobody should have to ask for it at three in the morning. */
function report({ caller, acceptedAt }: RefreshHeader, result: RefreshResult, log: Log): void {
  const { refresh, updated, changed, errors, pending, failures } = result
  const durationMs = Date.now() - Date.parse(acceptedAt)
  const line = { refresh, caller, updated, changed, errors, pending, durationMs }
  if (errors === 0) log.info(line, 'A refresh is answered')
  else log.warn({ ...line, failures: failures.slice(0, LOGGED_FAILURES) }, 'A refresh is answered, with errors')
}

const LOGGED_FAILURES = 3

/** Of a refresh that is accepted now. */
export function headerOf(
  { caller, domain, users, unusable }: Omit<RefreshRequest, 'users'> & { readonly users: readonly unknown[] },
  chunks: readonly RefreshChunk[],
): RefreshHeader {
  return {
    id: refreshId(chunks[0]?.shard ?? 0),
    caller,
    domain,
    acceptedAt: new Date().toISOString(),
    total: users.length + unusable.length,
    unusable: { count: unusable.length, failures: unusable.slice(0, 100), byCode: failureCounts(unusable) },
    chunks: chunks.length,
  }
}

export function chunksOf(users: readonly BareJid[], shards: number): RefreshChunk[] {
  const chunks: RefreshChunk[] = []
  for (const [shard, group] of byShard(users, (jid) => jid, shards)) {
    for (let i = 0; i < group.length; i += MAX_USERS_PER_CALL)
      chunks.push({ shard, users: group.slice(i, i + MAX_USERS_PER_CALL) })
  }
  return chunks
}

const priorityOf = (users: readonly BareJid[], { smallRefresh }: RefreshDeps): Priority =>
  users.length <= smallRefresh ? PRIORITY.small : PRIORITY.bulk

/** How a user is called in answers: as the application would write it. */
export const nameIn = (defaultDomain: Domain) => {
  const suffix = `@${defaultDomain}`
  return (jid: BareJid): string => (jid.endsWith(suffix) ? jid.slice(0, -suffix.length) : jid)
}
