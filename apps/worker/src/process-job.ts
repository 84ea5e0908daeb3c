import { setTimeout as delay } from 'node:timers/promises'
import { type Domain, type User, userFromJid } from '@rollcall/roster'
import {
  type BackendLimits,
  isRedisTrouble,
  type Later,
  type Log,
  PRIORITY,
  RedisUnavailableError,
  type RefreshJob,
  type Share,
  UNLIMITED,
  userOfJob,
} from '@rollcall/runtime'
import { DelayedError, type Job, UnrecoverableError } from 'bullmq'
import type { JobsInHand } from './jobs-in-hand.ts'
import { type Outcome, type RefreshDeps, refreshRoster } from './refresh-roster.ts'

export interface ProcessDeps extends RefreshDeps {
  readonly limits: Pick<BackendLimits, 'pauseLeft' | 'pause' | 'wait'> & {
    take(domain: Domain): Share | Later | undefined
  }
  readonly inHand: Pick<JobsInHand, 'putAside'>
  /** How long a job may wait in all because its backend asked for it. */
  readonly retryBudgetMs: number
  readonly log: Log
}

/** A later fetch has begun but not settled the user: look again soon whether it did. */
const LOOK_AGAIN_MS = 1000

/** Refreshes the user of a job and tells BullMQ what becomes of the job. */
export async function processJob(job: Job<RefreshJob>, token: string, deps: ProcessDeps): Promise<Outcome['kind']> {
  try {
    return await refreshInTurn(job, token, deps)
  } catch (error) {
    // A backend's trouble names the same errors of sockets: it is told apart first.
    if (error instanceof AttemptFailedError || error instanceof UnrecoverableError || !isRedisTrouble(error))
      throw error
    return putBackWhenPossible(job, token)
  }
}

async function refreshInTurn(job: Job<RefreshJob>, token: string, deps: ProcessDeps): Promise<Outcome['kind']> {
  const jid = userOfJob(job)
  if (jid === undefined) throw new UnrecoverableError('This is no job of Rollcall: its data names no user')
  const user = userFromJid(jid)
  const paused = deps.limits.pauseLeft(user.domain)
  if (paused > 0 && mayPause(job, paused, deps)) return waitForBackend(job, token, paused)
  const share = deps.limits.take(user.domain) ?? (await waitForShare(job, user, deps))
  if (share.kind === 'later') return putBack(job, token, share.ms)
  const attempt = {
    lock: { jobId: job.id ?? '', token },
    last: job.attemptsMade + 1 >= (job.opts.attempts ?? 1),
    mayPause: (ms: number) => mayPause(job, ms, deps),
  }
  try {
    const outcome = await refreshRoster(user, attempt, share === UNLIMITED ? deps : within(share, deps))
    return await concludeJob(outcome, user, job, token, deps)
  } finally {
    share.end()
  }
}

/** The job stays in hand for a moment, and another one is taken besides. */
async function waitForShare(
  { priority }: Job<RefreshJob>,
  user: User,
  { limits, inHand }: ProcessDeps,
): Promise<Share | Later> {
  const takeBack = inHand.putAside(user)
  try {
    return await limits.wait(user.domain, priority === PRIORITY.login)
  } finally {
    takeBack()
  }
}

/** The share is free again with the answer of the backend. */
const within = (share: Share, { backend, store, onSettled }: RefreshDeps): RefreshDeps => ({
  store,
  onSettled,
  backend: {
    async fetchRoster(user, source) {
      if (!share.lasts()) throw new RedisUnavailableError() // it could not be renewed for seconds
      try {
        return await backend.fetchRoster(user, source)
      } finally {
        share.end()
      }
    },
  },
})

const TRY_AGAIN_MS = 1000

/**
 * A Redis that takes no writes (full, a replica, away) is no failed attempt: three of them within a second would use up
 * those of every user that waits. The job keeps its place in this worker until Redis takes it back.
 */
async function putBackWhenPossible(job: Job<RefreshJob>, token: string): Promise<never> {
  for (;;) {
    await delay(TRY_AGAIN_MS)
    try {
      return await putBack(job, token, TRY_AGAIN_MS)
    } catch (error) {
      if (!isRedisTrouble(error)) throw error // put back, or its lock is lost and others have it
    }
  }
}

async function concludeJob(
  outcome: Outcome,
  user: User,
  job: Job<RefreshJob>,
  token: string,
  deps: ProcessDeps,
): Promise<Outcome['kind']> {
  switch (outcome.kind) {
    case 'updated':
    case 'unchanged':
      if (outcome.written === 'superseded-open') return putBack(job, token, LOOK_AGAIN_MS)
      return outcome.kind
    case 'gone':
      if (outcome.written === 'superseded-open') return putBack(job, token, LOOK_AGAIN_MS)
      if (outcome.written === 'ok')
        deps.log.info(
          { username: user.username, domain: user.domain },
          'The backend says that a user is gone; the roster was dropped',
        )
      return outcome.kind
    case 'nothing-to-do':
    case 'given-up':
      return outcome.kind
    case 'pause':
      await deps.limits.pause(user.domain, outcome.ms)
      return waitForBackend(job, token, outcome.ms)
    case 'retry':
      report(outcome, user, job, deps)
      throw new AttemptFailedError(`${outcome.code}: ${outcome.message}`)
    case 'failed':
      if (outcome.tripped) deps.log.error({ domain: user.domain }, EMPTIED)
      report(outcome, user, job, deps)
      throw new UnrecoverableError(`${outcome.code}: ${outcome.message}`)
  }
}

const EMPTIED =
  'The backend gives too many empty rosters for users who had contacts: further ones are held back until somebody confirms or rejects them'

/** One of several attempts of a job has failed, as was to be expected now and then. */
export class AttemptFailedError extends Error {
  override readonly name = 'AttemptFailedError'
}

function report(
  { kind, code, message }: Extract<Outcome, { kind: 'retry' | 'failed' }>,
  { username, domain }: User,
  job: Job<RefreshJob>,
  { log }: ProcessDeps,
): void {
  const line = { username, domain, code, reason: message, attempt: job.attemptsMade + 1 }
  if (code === 'breaker-open') log.debug(line, 'A user fails at once: the backend does not work')
  else if (kind === 'retry') log.info(line, 'A fetch failed; it will be tried again')
  else log.warn(line, 'A fetch failed for good; what is stored stays')
}

const mayPause = (job: Job<RefreshJob>, ms: number, { retryBudgetMs }: ProcessDeps): boolean =>
  Date.now() + ms - (job.data.pausedSince ?? Date.now()) <= retryBudgetMs

async function waitForBackend(job: Job<RefreshJob>, token: string, ms: number): Promise<never> {
  if (job.data.pausedSince === undefined) await job.updateData({ ...job.data, pausedSince: Date.now() })
  return putBack(job, token, ms)
}

/** Back into the queue without using an attempt. */
async function putBack(job: Job<RefreshJob>, token: string, ms: number): Promise<never> {
  await job.moveToDelayed(Date.now() + ms, token)
  throw new DelayedError()
}
