import { hash } from 'node:crypto'
import type { BackendAnswer } from '@rollcall/backend'
import {
  diffBodies,
  EMPTY_BODY,
  EMPTY_ROSTER,
  encodeChange,
  type FailureCode,
  type User,
  writeContacts,
} from '@rollcall/roster'
import type { DropResult, Fetch, JobLock, RosterStore, Source, WriteResult } from '@rollcall/runtime'

export interface RefreshDeps {
  readonly backend: { fetchRoster(user: User, source: Source): Promise<BackendAnswer> }
  readonly store: Pick<RosterStore, 'begin' | 'read' | 'confirm' | 'commit' | 'drop' | 'fail' | 'release'>
}

/** The job that a fetch is made for. */
export interface Attempt {
  readonly lock: JobLock
  /** No attempt is left after this one. */
  readonly last: boolean
  /** Whether the backend's wish to wait this long can still be granted. */
  mayPause(ms: number): boolean
}

export type Outcome =
  | { readonly kind: 'updated' | 'unchanged'; readonly written: WriteResult }
  | { readonly kind: 'gone'; readonly written: Exclude<DropResult, 'held' | 'tripped'> }
  | { readonly kind: 'nothing-to-do' }
  | { readonly kind: 'given-up' }
  | {
      readonly kind: 'failed'
      readonly code: FailureCode
      readonly message: string
      /** From now on empty rosters of the domain are held back: somebody has to look. */
      readonly tripped?: true
    }
  | { readonly kind: 'retry'; readonly code: FailureCode; readonly message: string }
  | { readonly kind: 'pause'; readonly ms: number }

/** Brings the stored roster of one user up to date with the backend. */
export async function refreshRoster(user: User, attempt: Attempt, { backend, store }: RefreshDeps): Promise<Outcome> {
  const fetch = await store.begin(user)
  if (fetch.kind !== 'begun') return fetch
  const answer = await backend.fetchRoster(user, fetch.source)
  if (answer.kind === 'failed') return failed(user, fetch, answer, attempt, store)
  if (answer.kind === 'gone') return gone(user, fetch, answer, attempt, store)
  if (answer.kind === 'unchanged') return unchanged(user, fetch, answer.source, store)
  const contacts = writeContacts(answer.roster)
  const body = Buffer.from(contacts.body)
  const etag = hash('sha256', body, 'base64url')
  if (etag === fetch.etag) return unchanged(user, fetch, answer.source, store)
  const diff = diffBodies(await storedBody(user, fetch, store), contacts)
  const roster = {
    body,
    etag,
    source: answer.source,
    contacts: answer.roster.size,
    change: encodeChange(diff, !fetch.dropped),
  }
  const written = await store.commit(user, fetch, roster)
  if (written !== 'held' && written !== 'tripped') return { kind: 'updated', written }
  return heldBack(user, fetch, written, attempt, store)
}

async function unchanged(user: User, fetch: Fetch, source: Source, store: RefreshDeps['store']): Promise<Outcome> {
  return { kind: 'unchanged', written: await store.confirm(user, fetch, source) }
}

/** The body that a commit of this fetch would replace: while the fetch is the latest begun, nothing else can. */
async function storedBody(user: User, fetch: Fetch, store: RefreshDeps['store']): Promise<string> {
  if (fetch.etag === undefined) return EMPTY_BODY
  if (fetch.body !== undefined) return fetch.body
  const stored = await store.read(user.jid)
  return stored ? stored.body.toString() : EMPTY_BODY
}

/** The roster goes with its user, and whoever was told of its contacts is told that they are no more. */
async function gone(
  user: User,
  fetch: Fetch,
  { code, message }: Extract<BackendAnswer, { kind: 'gone' }>,
  attempt: Attempt,
  store: RefreshDeps['store'],
): Promise<Outcome> {
  if (fetch.etag === undefined)
    return failed(user, fetch, { kind: 'failed', code, message, retry: 'never' }, attempt, store)
  const diff = diffBodies(await storedBody(user, fetch, store), writeContacts(EMPTY_ROSTER))
  const written = await store.drop(user, fetch, { code, message }, encodeChange(diff), attempt.lock)
  if (written !== 'held' && written !== 'tripped') return { kind: 'gone', written }
  return heldBack(user, fetch, written, attempt, store)
}

type Failure = Extract<BackendAnswer, { kind: 'failed' }>

/** What the guard against an emptied backend makes of an empty roster. */
const HELD: Failure = {
  kind: 'failed',
  code: 'roster-held',
  message:
    'The roster is empty or gone, like too many others of its domain at once: the stored one is kept until somebody has looked',
  retry: 'never',
}

async function heldBack(
  user: User,
  fetch: Fetch,
  written: 'held' | 'tripped',
  attempt: Attempt,
  store: RefreshDeps['store'],
): Promise<Outcome> {
  const outcome = await failed(user, fetch, HELD, attempt, store)
  return outcome.kind === 'failed' && written === 'tripped' ? { ...outcome, tripped: true } : outcome
}

/** The roster stays as it is (G4). Whoever waits is told only when nothing more will be tried. */
async function failed(
  user: User,
  fetch: Fetch,
  failure: Failure,
  attempt: Attempt,
  store: RefreshDeps['store'],
): Promise<Outcome> {
  const { code, message, retry } = failure
  if (typeof retry === 'object' && attempt.mayPause(retry.pauseMs)) {
    await store.release(user, fetch)
    return { kind: 'pause', ms: retry.pauseMs }
  }
  if (retry === 'backoff' && !attempt.last) {
    await store.release(user, fetch)
    return { kind: 'retry', code, message }
  }
  await store.fail(user, fetch, { code, message }, attempt.lock)
  return { kind: 'failed', code, message }
}
