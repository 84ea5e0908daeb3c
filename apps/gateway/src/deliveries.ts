import { setTimeout as pause } from 'node:timers/promises'
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
import { LeaseLostError, type Synced, syncUser } from './sync-user.ts'
import { type NotifyTarget, type RosterTarget, type Target, TargetError } from './targets/target.ts'
import { type Task, type TaskResult, tasks } from './tasks.ts'

/** A user whom the target does not take, for reasons that may pass, is owed to it after so many attempts. */
const MOST_ATTEMPTS = 5
/** When so many users are not taken, for reasons that may pass, and nobody in between, it is the target and not they. */
const MOST_UNSERVED = 5

/** Before Redis is asked again. */
const REDIS_PAUSE_MS = 1_000
/** Of what a target says, in what is kept of an attempt. */
const LONGEST_MESSAGE = 500

export interface DeliveriesOptions {
  readonly config: TargetConfig
  readonly target: Target
  readonly ownership: Ownership
  readonly store: Pick<RosterStore, 'read' | 'isUnknown'>
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

/**
 * Whether the target takes anything. `checking`: whether it can be used is being looked at. `trial`: one at a time, until one
 * has arrived. `paused`: until its timer ends it; `isSuspected`: only since some users in a row were not taken.
 */
type Gate =
  | { readonly kind: 'closed' | 'checking' | 'trial' | 'open' }
  | { readonly kind: 'paused'; readonly until: number; readonly timer: NodeJS.Timeout; readonly isSuspected: boolean }

export type Deliveries = ReturnType<typeof deliveries>

/**
 * Everything that this gateway brings to one target: so many users at a time, each in order. The only place that decides
 * about attempts: a target that cannot be reached is left alone for a while, with one attempt after each pause, and a user
 * it does not take holds up no other (G7).
 */
export function deliveries(options: DeliveriesOptions) {
  const { config, target, log } = options
  const queue = tasks()
  const counts = { delivered: 0, rejected: 0, writes: 0 }
  const stopped = new AbortController()
  const signals = attemptSignals(config.timeoutMs)
  let gate: Gate = { kind: 'closed' }
  let running = 0
  /** Of the target, in a row. */
  let failures = 0
  let enabled = true
  /** It said that it wants to be told nothing more. */
  let isGone = false
  let failingSince = 0
  /** The gateway before this one could not reach it either. */
  let wasFailing = false
  let lastArrivedAt = 0
  /** When something had last arrived before an outage that is over. */
  let recoveredFrom = 0
  /** Users who were not taken since somebody was; MOST_UNSERVED of them at most. */
  const unserved = new Set<BareJid>()
  let lastError: LastError | undefined

  const places = (): number =>
    enabled ? { closed: 0, paused: 0, checking: 0, trial: 1, open: config.concurrency }[gate.kind] : 0

  function pump(): void {
    if (enabled && gate.kind === 'closed' && queue.size() > 0) void tryTarget()
    while (running < places()) {
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

  /** Whether the target can be used (again). */
  async function tryTarget(): Promise<void> {
    if (!enabled) {
      gate = { kind: 'closed' }
      return
    }
    gate = { kind: 'checking' }
    try {
      await target.check?.(signals.next())
    } catch (error) {
      gate = { kind: 'closed' }
      if (!stopped.signal.aborted) leaveAlone(targetError(error))
      return
    }
    if (target.check) failingSince = 0
    // That it answers need not mean that it takes anything.
    gate = { kind: target.check && failures === 0 ? 'open' : 'trial' }
    pump()
  }

  /** Something has arrived. What began before it asked to be left alone does not end that. */
  function works(): void {
    if (gate.kind === 'checking' || (gate.kind === 'paused' && !gate.isSuspected)) return
    if (gate.kind === 'paused') clearTimeout(gate.timer)
    if (failures > 0 || wasFailing) {
      log.info({ target: config.name, failures }, 'A target works again')
      recoveredFrom = lastArrivedAt
    }
    wasFailing = false
    failures = 0
    failingSince = 0
    gate = { kind: 'open' }
  }

  /** One timer at a time, and so one attempt after each pause, however many deliveries fail meanwhile. */
  function leaveAlone(error: TargetError, isSuspected = false): void {
    note(error)
    if (!error.isTemporary) {
      isGone = true
      enabled = false
    }
    if (gate.kind === 'paused' || gate.kind === 'checking') return // by another delivery that failed with this one
    failures++
    failingSince ||= Date.now()
    const ms = pauseMs(failures, config, error.retryAfterMs)
    gate = { kind: 'paused', until: Date.now() + ms, timer: setTimeout(tryTarget, ms).unref(), isSuspected }
    const line = { target: config.name, code: error.code, reason: error.message, failures, pauseMs: Math.round(ms) }
    if (failures === 1) log.warn(line, 'A target cannot be reached; it is tried again after a pause, and so on')
    else log.debug(line, 'A target still cannot be reached')
  }

  function note({ code, message, scope }: TargetError, user?: User): void {
    lastError = {
      code,
      message,
      at: new Date().toISOString(),
      ...(scope === 'user' && user && { user: user.jid }),
    }
  }

  /** Somebody says that it can be told again: it is tried at once, and has all its time to show that it takes something. */
  function beginAnew(): void {
    isGone = false
    failures = 0
    failingSince = 0
    if (gate.kind !== 'paused') return
    clearTimeout(gate.timer)
    gate = { kind: 'closed' }
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
    works()
    lastArrivedAt = Date.now()
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
    const isTrial = gate.kind === 'trial'
    const isSilent = error.code === 'target-timeout'
    if (error.isTemporary && (unserved.size === MOST_UNSERVED || (isSilent && isTrial)))
      leaveAlone(forNobody(error), true)
    else if (isTrial && !isSilent) works() // it has answered
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

  /** Until Redis has it, or this ends. */
  async function insistently(work: () => Promise<unknown>): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        return void (await work())
      } catch (error) {
        log.debug({ target: config.name, err: error }, 'Redis did not take what it has to know; it is tried again')
        await pause(REDIS_PAUSE_MS, undefined, { signal: stopped.signal }).catch(() => {})
      }
    }
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
    /** Whether it is told anything at all; `since`: when it could not be reached any more by the gateway before, 0: it could. */
    enable(isEnabled: boolean, since: number): void {
      if (isEnabled && !enabled) beginAnew()
      if (since > 0 && failures === 0 && lastArrivedAt === 0) {
        wasFailing = true
        failingSince = since
        lastArrivedAt = since
      }
      enabled = isEnabled
      pump()
    },
    /** Users whom this gateway no longer serves are left to another one. */
    drop: queue.drop,
    state: () => ({
      ...counts,
      failingSince,
      isGone,
      recoveredFrom,
      ...(gate.kind === 'paused' && failures > 0 && { nextAttemptAt: new Date(gate.until).toISOString() }),
      ...(lastError && { lastError }),
    }),
    async close(): Promise<void> {
      stopped.abort()
      if (gate.kind === 'paused') clearTimeout(gate.timer)
      signals.end()
      queue.drop(() => true)
      await target.close()
    },
  }
}
