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

/** How the refresh of a user came to its end. */
export type Settled = 'changed' | 'unchanged' | FailureCode

export interface RefreshDeps {
  readonly backend: { fetchRoster(user: User, source: Source): Promise<BackendAnswer> }
  readonly store: Pick<RosterStore, 'begin' | 'read' | 'confirm' | 'commit' | 'drop' | 'fail' | 'release'>
  /** Redis has taken how a refresh ended; `askedAt`: when somebody asked for it, as `performance.now()` counts. */
  onSettled(user: User, how: Settled, askedAt?: number): void
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
export async function refreshRoster(user: User, attempt: Attempt, deps: RefreshDeps): Promise<Outcome> {
  const { backend, store } = deps
  const fetch = await store.begin(user)
  if (fetch.kind === 'given-up') deps.onSettled(user, 'worker-crashed')
  if (fetch.kind !== 'begun') return fetch
  const answer = await backend.fetchRoster(user, fetch.source)
  if (answer.kind === 'failed') return failed(user, fetch, answer, attempt, deps)
  if (answer.kind === 'gone') return gone(user, fetch, answer, attempt, deps)
  if (answer.kind === 'unchanged') return unchanged(user, fetch, answer.source, deps)
  const contacts = writeContacts(answer.roster)
  const body = Buffer.from(contacts.body)
  const etag = hash('sha256', body, 'base64url')
  if (etag === fetch.etag) return unchanged(user, fetch, answer.source, deps)
  const diff = diffBodies(await storedBody(user, fetch, store), contacts)
  const roster = {
    body,
    etag,
    source: answer.source,
    contacts: answer.roster.size,
    change: encodeChange(diff, !fetch.dropped),
  }
  const written = await store.commit(user, fetch, roster)
  if (written === 'held' || written === 'tripped') return heldBack(user, fetch, written, attempt, deps)
  if (written === 'ok') deps.onSettled(user, 'changed', fetch.askedAt)
  return { kind: 'updated', written }
}

async function unchanged(user: User, fetch: Fetch, source: Source, deps: RefreshDeps): Promise<Outcome> {
  const written = await deps.store.confirm(user, fetch, source)
  if (written === 'ok') deps.onSettled(user, 'unchanged', fetch.askedAt)
  return { kind: 'unchanged', written }
}

/** The body that a commit of this fetch would replace: while the fetch is the latest begun, nothing else can. */
async function storedBody(user: User, fetch: Fetch, store: RefreshDeps['store']): Promise<string> {
  if (fetch.etag === undefined) return EMPTY_BODY
  if (fetch.body !== undefined) return fetch.body
  const stored = await store.read(user.jid)
  return stored ? stored.body.toString() : EMPTY_BODY
}

/** The roster goes with its user, and whoever was ever told of its contacts is told that they are no more. */
async function gone(
  user: User,
  fetch: Fetch,
  { code, message }: Extract<BackendAnswer, { kind: 'gone' }>,
  attempt: Attempt,
  deps: RefreshDeps,
): Promise<Outcome> {
  const wasStored = fetch.etag !== undefined || fetch.dropped
  if (!wasStored) return failed(user, fetch, { kind: 'failed', code, message, retry: 'never' }, attempt, deps)
  const diff = diffBodies(await storedBody(user, fetch, deps.store), writeContacts(EMPTY_ROSTER))
  const written = await deps.store.drop(
    user,
    fetch,
    { code, message },
    encodeChange(diff, !fetch.dropped),
    attempt.lock,
  )
  if (written === 'held' || written === 'tripped') return heldBack(user, fetch, written, attempt, deps)
  if (written === 'ok') deps.onSettled(user, code, fetch.askedAt)
  return { kind: 'gone', written }
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
  deps: RefreshDeps,
): Promise<Outcome> {
  const outcome = await failed(user, fetch, HELD, attempt, deps)
  return outcome.kind === 'failed' && written === 'tripped' ? { ...outcome, tripped: true } : outcome
}

/** The roster stays as it is (G4). Whoever waits is told only when nothing more will be tried. */
async function failed(
  user: User,
  fetch: Fetch,
  failure: Failure,
  attempt: Attempt,
  deps: RefreshDeps,
): Promise<Outcome> {
  const { code, message, retry } = failure
  if (typeof retry === 'object' && attempt.mayPause(retry.pauseMs)) {
    await deps.store.release(user, fetch)
    return { kind: 'pause', ms: retry.pauseMs }
  }
  if (retry === 'backoff' && !attempt.last) {
    await deps.store.release(user, fetch)
    return { kind: 'retry', code, message }
  }
  const written = await deps.store.fail(user, fetch, { code, message }, attempt.lock)
  if (written === 'ok') deps.onSettled(user, code, fetch.askedAt)
  return { kind: 'failed', code, message }
}
