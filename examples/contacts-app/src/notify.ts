import { setTimeout as pause } from 'node:timers/promises'
import { askRollcall, type RollcallAddress, RollcallUnreachableError } from './rollcall.ts'

/** What became of telling Rollcall; `ms` is the whole time, retries included. */
export type Notice =
  | {
      readonly told: true
      readonly status: number
      readonly summary: Summary
      readonly attempts: number
      readonly ms: number
    }
  | {
      readonly told: false
      readonly message: string
      readonly status?: number
      readonly summary?: Summary
      readonly attempts: number
      readonly ms: number
    }

/** The part of Rollcall's answer that is always there; the rest is passed on as it came. */
export interface Summary {
  readonly status: string
  readonly message: string
  readonly updated: number
  readonly errors: number
}

export type Notify = (usernames: readonly string[]) => Promise<Notice>

export interface NotifyOptions extends RollcallAddress {
  /** For all attempts together. Rollcall itself answers within 25 s. */
  readonly timeoutMs?: number
  readonly retryDelaysMs?: readonly number[]
}

/**
 * Tells Rollcall whose rosters have changed. Never throws: the change is made already and stays, whether Rollcall heard of
 * it or not. A notice says only who, and Rollcall fetches the newest roster, so repeating one is harmless.
 *
 * An application that cannot afford to lose a notice writes it down in the transaction of the change (an outbox) and
 * retries from there; a few quick retries are enough here.
 */
export function rollcallNotifier(options: NotifyOptions): Notify {
  const { timeoutMs = 30_000, retryDelaysMs = [200, 600] } = options

  return async (usernames) => {
    const started = performance.now()
    const signal = AbortSignal.timeout(timeoutMs)
    let attempts = 0
    for (;;) {
      const delay = retryDelaysMs[attempts++]
      const { worthRetrying, ...answer } = await tellOnce(options, usernames, signal)
      if (!worthRetrying || delay === undefined) {
        return { ...answer, attempts, ms: Math.round(performance.now() - started) }
      }
      await pause(delay)
    }
  }
}

async function tellOnce(rollcall: RollcallAddress, usernames: readonly string[], signal: AbortSignal) {
  try {
    const { status, json } = await askRollcall(rollcall, '/roster_admin/refresh', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(usernames),
      signal,
    })
    const worthRetrying = status === 503
    if (!isSummary(json)) {
      return { told: false, status, message: `Rollcall answered ${status} without a summary`, worthRetrying } as const
    }
    if (status !== 200 && status !== 202) {
      return {
        told: false,
        status,
        message: `Rollcall answered ${status}: ${json.message}`,
        summary: json,
        worthRetrying,
      } as const
    }
    return { told: true, status, summary: json, worthRetrying: false } as const
  } catch (error) {
    if (!(error instanceof RollcallUnreachableError)) throw error
    return { told: false, message: error.message, worthRetrying: !error.timedOut } as const
  }
}

function isSummary(json: unknown): json is Summary {
  if (typeof json !== 'object' || json === null) return false
  const { status, message, updated, errors } = json as Record<string, unknown>
  return (
    typeof status === 'string' &&
    typeof message === 'string' &&
    typeof updated === 'number' &&
    typeof errors === 'number'
  )
}
