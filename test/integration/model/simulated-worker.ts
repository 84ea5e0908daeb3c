import type { BackendAnswer } from '@rollcall/backend'
import type { BareJid, User } from '@rollcall/roster'
import { createLog, type RefreshJob, type RosterStore, UNLIMITED } from '@rollcall/runtime'
import { DelayedError, type Job, UnrecoverableError } from 'bullmq'
import { AttemptFailedError, processJob } from '../../../apps/worker/src/process-job.ts'
import { PICK } from './scenario.ts'
import { rosterOf } from './serial-rosters.ts'
import { ATTEMPTS, type SimulatedJob, type SimulatedQueue } from './simulated-queue.ts'
import { standstill } from './standstill.ts'
import type { RealFetch, Truth } from './truth.ts'

export interface WorkerDeps {
  readonly store: RosterStore
  readonly queue: SimulatedQueue
  readonly truth: Truth
}

/** A worker's run of one job: the worker's own code, stopped before each call that others could see. */
export interface WorkerRun {
  readonly job: SimulatedJob
  readonly token: string
  readonly user: BareJid
  /** What it is about to do; null when it is through. */
  at(): string | null
  /** `pick` says what the backend answers. */
  step(pick: number): Promise<void>
  resend(): Promise<void>
}

/** What BullMQ does to a worker whose lock is gone: nothing becomes of the job. */
class LockLostError extends Error {}

export async function startWorkerRun(job: SimulatedJob, token: string, deps: WorkerDeps): Promise<WorkerRun> {
  const { store, queue, truth } = deps
  const user = job.data.user
  const { at, pass, start, step, stepWithoutAnswer } = standstill()
  let pick = 0
  let fetching: RealFetch | null = null
  const fetch = (): RealFetch => {
    if (!fetching) throw new Error('No fetch has begun')
    return fetching
  }

  function answer(source: { readonly etag?: string }): BackendAnswer {
    const { serial } = truth.of(user)
    fetch().readAt = truth.now()
    fetch().serial = serial
    const etag = `"${serial}"`
    truth.explain(`: ${ANSWERS[pick] ?? serial}`)
    if (pick === PICK.fails) return { kind: 'failed', code: 'backend-status', message: 'model', retry: 'backoff' }
    if (pick === PICK.failsForGood) return { kind: 'failed', code: 'roster-invalid', message: 'model', retry: 'never' }
    if (pick === PICK.gone) return { kind: 'gone', code: 'user-unknown', message: 'model' }
    if (pick === PICK.asksForPause)
      return { kind: 'failed', code: 'backend-status', message: 'model', retry: { pauseMs: 1 } }
    if (source.etag === etag) return { kind: 'unchanged', source: { etag } }
    // Half of the rosters come without an ETag, so that equal ones are found by their content.
    return { kind: 'roster', roster: rosterOf(serial), source: pick % 2 === 0 ? { etag } : {} }
  }

  const standing: Pick<RosterStore, 'begin' | 'read' | 'confirm' | 'commit' | 'drop' | 'fail' | 'release'> = {
    begin: (of) =>
      pass('begin', async () => {
        const begin = await store.begin(of)
        truth.explain(
          `: ${begin.kind === 'begun' ? `generation ${begin.generation}, fence ${begin.fence}` : begin.kind}`,
        )
        if (begin.kind === 'begun') fetching = truth.begun(user, begin)
        if (begin.kind === 'given-up') truth.givenUp(user)
        return begin
      }),
    read: (jid) => pass('read', () => store.read(jid)),
    confirm: (of, begun, source) =>
      pass('confirm', async () => {
        const result = await store.confirm(of, begun, source)
        truth.explain(`: ${result}`)
        truth.wrote(fetch(), 'confirm', result)
        return result
      }),
    commit: (of, begun, roster) =>
      pass('commit', async () => {
        const result = await store.commit(of, begun, roster)
        truth.explain(` ${fetch().serial}: ${result}`)
        truth.wrote(fetch(), 'commit', result)
        return result
      }),
    drop: (of, begun, failure, change, lock) =>
      pass('drop', async () => {
        const result = await store.drop(of, begun, failure, change, lock)
        truth.explain(`: ${result}`)
        truth.gone(fetch(), result, queue.holds(job, token))
        return result
      }),
    fail: (of, begun, failure, lock) =>
      pass('fail', async () => {
        const result = await store.fail(of, begun, failure, lock)
        truth.explain(`: ${result}`)
        truth.failed(fetch(), result, queue.holds(job, token))
        return result
      }),
    release: (of, begun) => pass('release', () => store.release(of, begun)),
  }

  async function run(): Promise<void> {
    const asBullJob = {
      id: job.id,
      data: job.data,
      attemptsMade: job.attemptsMade,
      opts: { attempts: ATTEMPTS },
      updateData: async (data: RefreshJob) => {
        job.data = data
      },
      moveToDelayed: () =>
        pass('delay', async () => {
          if (!(await queue.delay(job, token))) throw new LockLostError()
        }),
    } as unknown as Job<RefreshJob>
    try {
      await processJob(asBullJob, token, {
        store: standing,
        backend: { fetchRoster: (_: User, source) => pass('fetch', async () => answer(source)) },
        limits: { pauseLeft: () => 0, pause: async () => {}, take: () => UNLIMITED, wait: async () => UNLIMITED },
        inHand: { putAside: () => () => {} },
        onSettled: () => {},
        retryBudgetMs: 3_600_000,
        log: SILENT,
      })
    } catch (error) {
      if (error instanceof DelayedError || error instanceof LockLostError) return
      if (error instanceof UnrecoverableError) return void (await pass('finish', () => queue.finish(job, token)))
      if (!(error instanceof AttemptFailedError)) throw error
      return void (await pass('retry', () => queue.retry(job, token)))
    }
    await pass('finish', () => queue.finish(job, token))
  }

  await start(run)
  return {
    job,
    token,
    user,
    at,
    async step(picked) {
      pick = picked
      await step()
    },
    resend: stepWithoutAnswer,
  }
}

const SILENT = createLog({ level: 'silent', name: 'model' })

const ANSWERS: Record<number, string> = {
  [PICK.fails]: 'fails',
  [PICK.failsForGood]: 'fails for good',
  [PICK.asksForPause]: 'asks for a pause',
  [PICK.gone]: 'says that the user is gone',
}
