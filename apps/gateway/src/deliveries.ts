import {
  type BareJid,
  isEmptyPlan,
  type Ownership,
  splitBareJid,
  type TargetFailureCode,
  type User,
  userOf,
} from '@rollcall/roster'
import { type Attempt, isRedisTrouble, type Log, type RosterStore, type TargetConfig } from '@rollcall/runtime'
import { attemptSignals } from './attempt-signals.ts'
import { pauseMs } from './back-off.ts'
import { targetGate } from './gate.ts'
import { insistence } from './insistence.ts'
import { LeaseLostError, type Synced, syncUser } from './sync-user.ts'
import { type NotifyTarget, type RosterTarget, type Target, TargetError } from './targets/target.ts'
import { type Task, type TaskResult, tasks } from './tasks.ts'

/** A user whom the target does not take, for reasons that may pass, is owed to it after so many attempts. */
const MOST_ATTEMPTS = 5
/** When so many users are not taken, for reasons that may pass, and nobody in between, it is the target and not they. */
const MOST_UNSERVED = 5
/** Of what a target says, in what is kept of an attempt. */
const LONGEST_MESSAGE = 500

export interface DeliveriesOptions {
  readonly config: TargetConfig
  readonly target: Target
  readonly ownership: Ownership
  readonly store: Pick<RosterStore, 'read' | 'isGone'>
  /** Whether this gateway serves a user now. */
  readonly serves: (user: User) => boolean
  /** The user is tried again later, whatever becomes of this gateway. */
  readonly owe: (user: User) => Promise<unknown>
  /** Somebody else's roster may have been changed by a removal: he has to be compared. */
  readonly compare: (user: User) => Promise<unknown>
  /** Kept for a while, for people who look. */
  readonly record: (attempt: Attempt) => Promise<unknown>
  readonly log: Log
}

export interface LastError {
  readonly code: TargetFailureCode
  readonly message: string
  readonly at: string
  readonly user?: string
}

export type Deliveries = ReturnType<typeof deliveries>

/**
 * Everything that this gateway brings to one target: so many users at a time, each in order. A user whom it does not take
 * holds up no other (G7).
 */
export function deliveries(options: DeliveriesOptions) {
  const { config, target, log } = options
  const queue = tasks()
  const counts = { delivered: 0, rejected: 0, writes: 0 }
  const stopped = new AbortController()
  const insistently = insistence({
    signal: stopped.signal,
    onTrouble: (error) =>
      log.debug({ target: config.name, err: error }, 'Redis did not take what it has to know; it is tried again'),
  })
  const signals = attemptSignals(config.timeoutMs)
  const gate = targetGate({
    config,
    check: target.check && check,
    onOpen: pump,
    log,
  })
  let running = 0
  /** Users who were not taken since somebody was; MOST_UNSERVED of them at most. */
  const unserved = new Set<BareJid>()
  let lastError: LastError | undefined

  async function check(): Promise<void> {
    try {
      await target.check?.(signals.next())
    } catch (error) {
      const failure = targetError(error)
      note(failure)
      throw failure
    }
  }

  function pump(): void {
    if (queue.size() > 0) gate.knock()
    while (running < gate.places()) {
      const taken = queue.take(target.kind === 'notify' ? target.batchSize : 1)
      if (taken.length === 0) return
      running++
      void deliver(taken)
        .catch((error: unknown) =>
          log.error({ target: config.name, err: error }, 'A delivery ended in no way foreseen'),
        )
        .finally(() => {
          running--
          pump()
        })
    }
  }
  queue.onTakeable(() => setImmediate(pump))

  function leaveAlone(error: TargetError, isSuspected = false): void {
    note(error)
    gate.leaveAlone(error, isSuspected)
  }

  function note({ code, message, scope }: TargetError, user?: User): void {
    lastError = {
      code,
      message,
      at: new Date().toISOString(),
      ...(scope === 'user' && user && { user: user.jid }),
    }
  }

  const wrote = (): void => void counts.writes++

  async function deliver(batch: readonly Task[]): Promise<void> {
    // One that stood still for longer than its lease must not tell what is old by now.
    const served = batch.filter(({ user }) => options.serves(user))
    for (const task of batch) if (!served.includes(task)) end(task, 'dropped')
    const [first] = served
    if (!first) return
    if (target.kind === 'notify') await notify(served, target)
    else await sync(first, target)
  }

  async function notify(batch: readonly Task[], to: NotifyTarget): Promise<void> {
    try {
      const results = config.dryRun ? batch.map(() => null) : await to.notify(batch, signals.next())
      for (const [i, task] of batch.entries()) {
        const error = results[i]
        if (error) await failed(task, error)
        else arrived(task)
      }
    } catch (caught) {
      const error = targetError(caught)
      // Which of them it was is not known: each is told by itself.
      if (error.scope === 'user' && batch.length > 1)
        for (const task of batch) queue.repeat({ ...task, alone: true }, 0)
      else for (const task of batch) await failed(task, error)
    }
  }

  async function sync(task: Task, on: RosterTarget): Promise<void> {
    const { user } = task
    const touched: User[] = []
    // Owed before and compared after it, however this ends: a crash in between, or a failure of what is written next, does
    // not show in the next comparison of this user.
    async function removing(contact: BareJid): Promise<void> {
      const { username, domain } = splitBareJid(contact)
      if (!on.removalTouchesContact || username === undefined || domain !== config.domain) return
      const other = userOf(username, domain)
      await insistently(() => options.owe(other))
      touched.push(other)
    }
    async function write(compareOnly: boolean): Promise<Synced | null> {
      try {
        return await syncUser(user, compareOnly, { ...options, target: on, signal: signals.next, wrote, removing })
      } finally {
        for (const other of touched) await insistently(() => options.compare(other))
      }
    }
    try {
      const compareOnly = task.compareOnly || config.dryRun
      const synced = await write(compareOnly)
      if (synced && compareOnly) tellOfPlan(user, synced)
      arrived(task, synced)
    } catch (error) {
      if (error instanceof LeaseLostError) end(task, 'dropped')
      else await failed(task, targetError(error))
    }
  }

  function tellOfPlan(user: User, { plan }: Synced): void {
    if (isEmptyPlan(plan)) return
    const { puts, removes } = plan
    log.info({ target: config.name, user: user.jid, puts: puts.length, removes: removes.length }, 'Would be written')
  }

  function arrived(task: Task, synced?: Synced | null): void {
    unserved.clear()
    gate.arrived()
    counts.delivered++
    record(task, 'arrived', undefined, synced?.writes)
    end(task, 'arrived', synced)
  }

  async function failed(task: Task, error: TargetError): Promise<void> {
    if (stopped.signal.aborted) return end(task, 'dropped')
    if (error.scope === 'target') {
      leaveAlone(error)
      record(task, 'failed', error)
      return queue.repeat(task, 0)
    }
    note(error, task.user)
    if (error.isTemporary && unserved.size < MOST_UNSERVED && !isRedisTrouble(error.cause)) unserved.add(task.user.jid)
    const isTrial = gate.isTrial()
    const isSilent = error.code === 'target-timeout'
    if (error.isTemporary && (unserved.size === MOST_UNSERVED || (isSilent && isTrial)))
      leaveAlone(forNobody(error), true)
    else if (isTrial && !isSilent) gate.works() // it has answered
    const attempts = task.attempts + 1
    const isLast = !error.isTemporary || attempts >= MOST_ATTEMPTS
    record(task, isLast ? (error.isTemporary ? 'owed' : 'rejected') : 'failed', error)
    if (!isLast) return queue.repeat({ ...task, attempts }, pauseMs(attempts, config, error.retryAfterMs))
    counts.rejected++
    const line = { target: config.name, user: task.user.jid, code: error.code, reason: error.message, attempts }
    log.warn(line, error.isTemporary ? 'A user is put off: the target does not take him' : 'A target refuses a user')
    if (error.isTemporary) await insistently(() => options.owe(task.user))
    end(task, error.isTemporary ? 'owed' : 'rejected')
  }

  function record(task: Task, result: Attempt['result'], error?: TargetError, writes?: number): void {
    const { user, version, attempts } = task
    const at = new Date().toISOString()
    const why = error && { code: error.code, message: error.message.slice(0, LONGEST_MESSAGE) }
    options
      .record({
        user: user.jid,
        version,
        at,
        attempt: attempts + 1,
        result,
        ...(writes !== undefined && { writes }),
        ...why,
      })
      .catch(() => {}) // it is only looked at
  }

  /** What one user was told is so for all of them. */
  const forNobody = ({ code, message, retryAfterMs }: TargetError): TargetError =>
    new TargetError(code, `Nobody is taken: ${message}`, retryAfterMs === undefined ? {} : { retryAfterMs })

  function end(task: Task, result: TaskResult, synced?: Synced | null): void {
    queue.end(task)
    for (const ended of task.ended) ended(result, synced)
  }

  function targetError(error: unknown): TargetError {
    if (error instanceof TargetError) return error
    const message = error instanceof Error ? error.message : String(error)
    if (!isRedisTrouble(error) && !stopped.signal.aborted)
      log.error({ target: config.name, err: error }, 'A delivery failed in a way that is not foreseen')
    return new TargetError('target-refused', message, { scope: 'user', isTemporary: true, cause: error })
  }

  return {
    add: queue.add,
    enable: gate.enable,
    /** Users whom this gateway no longer serves are left to another one. */
    drop: queue.drop,
    state: () => ({
      ...counts,
      ...gate.state(),
      ...(lastError && { lastError }),
    }),
    async close(): Promise<void> {
      stopped.abort()
      gate.close()
      signals.end()
      queue.drop(() => true)
      await target.close()
    },
  }
}
