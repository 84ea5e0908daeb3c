import type { Log, TargetConfig } from '@rollcall/runtime'
import { pauseMs } from './back-off.ts'
import type { TargetError } from './targets/target.ts'

/**
 * `checking`: whether the target can be used is being looked at. `trial`: one at a time, until one has arrived. `paused`:
 * until its timer ends it; `isSuspected`: only since some users in a row were not taken.
 */
type State =
  | { readonly kind: 'closed' | 'checking' | 'trial' | 'open' }
  | { readonly kind: 'paused'; readonly until: number; readonly timer: NodeJS.Timeout; readonly isSuspected: boolean }

export interface GateOptions {
  readonly config: TargetConfig
  /** Whether the target can be used; rejects with a TargetError. Absent: the next delivery shows it. */
  readonly check: (() => Promise<void>) | undefined
  /** Deliveries may begin. */
  readonly onOpen: () => void
  readonly log: Log
}

export type Gate = ReturnType<typeof targetGate>

/**
 * Whether a target takes anything, and how many at a time. One that cannot be reached is left alone for a while, with one
 * attempt after each pause.
 */
export function targetGate({ config, check, onOpen, log }: GateOptions) {
  let state: State = { kind: 'closed' }
  /** Of the target, in a row. */
  let failures = 0
  let enabled = true
  let ended = false
  /** It said that it wants to be told nothing more. */
  let isGone = false
  let failingSince = 0
  /** The gateway before this one could not reach it either. */
  let wasFailing = false
  let lastArrivedAt = 0
  /** When something had last arrived before an outage that is over. */
  let recoveredFrom = 0

  /** Looks whether the target can be used (again). */
  async function tryTarget(): Promise<void> {
    if (!enabled) {
      state = { kind: 'closed' }
      return
    }
    state = { kind: 'checking' }
    try {
      await check?.()
    } catch (error) {
      state = { kind: 'closed' }
      if (!ended) leaveAlone(error as TargetError)
      return
    }
    if (check) failingSince = 0
    // That it answers need not mean that it takes anything.
    state = { kind: check && failures === 0 ? 'open' : 'trial' }
    onOpen()
  }

  /** It has taken something, or answered. What began before it asked to be left alone does not end that. */
  function works(): void {
    if (state.kind === 'checking' || (state.kind === 'paused' && !state.isSuspected)) return
    if (state.kind === 'paused') clearTimeout(state.timer)
    if (failures > 0 || wasFailing) {
      log.info({ target: config.name, failures }, 'A target works again')
      recoveredFrom = lastArrivedAt
    }
    wasFailing = false
    failures = 0
    failingSince = 0
    state = { kind: 'open' }
  }

  /** One timer at a time, and so one attempt after each pause, however many deliveries fail meanwhile. */
  function leaveAlone(error: TargetError, isSuspected = false): void {
    if (!error.isTemporary) {
      isGone = true
      enabled = false
    }
    if (state.kind === 'paused' || state.kind === 'checking') return // by another delivery that failed with this one
    failures++
    failingSince ||= Date.now()
    const ms = pauseMs(failures, config, error.retryAfterMs)
    state = { kind: 'paused', until: Date.now() + ms, timer: setTimeout(tryTarget, ms).unref(), isSuspected }
    const line = { target: config.name, code: error.code, reason: error.message, failures, pauseMs: Math.round(ms) }
    if (failures === 1) log.warn(line, 'A target cannot be reached; it is tried again after a pause, and so on')
    else log.debug(line, 'A target still cannot be reached')
  }

  /** Somebody says that it can be told again: it is tried at once, and has all its time to show that it takes something. */
  function beginAnew(): void {
    isGone = false
    failures = 0
    failingSince = 0
    if (state.kind !== 'paused') return
    clearTimeout(state.timer)
    state = { kind: 'closed' }
  }

  return {
    /** How many may be delivered at a time now. */
    places: (): number =>
      enabled ? { closed: 0, paused: 0, checking: 0, trial: 1, open: config.concurrency }[state.kind] : 0,
    isTrial: (): boolean => state.kind === 'trial',
    /** There is something to be delivered. */
    knock(): void {
      if (enabled && state.kind === 'closed') void tryTarget()
    },
    works,
    arrived(): void {
      works()
      lastArrivedAt = Date.now()
    },
    leaveAlone,
    /** Whether it is told anything at all; `since`: when it could not be reached any more by the gateway before, 0: it could. */
    enable(isEnabled: boolean, since: number): void {
      if (isEnabled && !enabled) beginAnew()
      if (since > 0 && failures === 0 && lastArrivedAt === 0) {
        wasFailing = true
        failingSince = since
        lastArrivedAt = since
      }
      enabled = isEnabled
      onOpen()
    },
    state: () => ({
      failingSince,
      isGone,
      recoveredFrom,
      ...(state.kind === 'paused' && failures > 0 && { nextAttemptAt: new Date(state.until).toISOString() }),
    }),
    close(): void {
      ended = true
      if (state.kind === 'paused') clearTimeout(state.timer)
    },
  }
}
