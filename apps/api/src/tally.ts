import { setImmediate as turn } from 'node:timers/promises'
import { type BareJid, type Failure, MAX_LISTED_FAILURES, type RefreshOutcome } from '@rollcall/roster'
import type { Requested } from '@rollcall/runtime'
import { countFailure, type FailureCount } from './failure-counts.ts'
import type { Settlement, Settlements, Waiter } from './settlements.ts'

export interface Tally {
  /** Says which generations answer for users of this tally, in the order of the users. */
  expect(users: readonly BareJid[], requested: Requested): void
  counts(): RefreshOutcome
  /** Of all who failed so far, while `counts` lists some. */
  failuresByCode(): FailureCount[]
  /** Settles users who will not be asked for any more; others of them keep what they have. */
  giveUp(users: readonly BareJid[], settlement: Settlement): void
  /** Who has not settled yet. */
  pending(): BareJid[]
  /** Resolves when nobody is pending. */
  readonly complete: Promise<void>
  /** Waits for nobody any longer; the counts stay. */
  stop(): void
}

/** Users registered in one go, a few milliseconds: others are to be served between the parts of a large refresh. */
const USERS_PER_TURN = 5000

/** Counts how users settle, each once (G5): updated + errors + pending is always the number of users. */
export async function tally(
  users: readonly BareJid[],
  settlements: Settlements,
  nameOf: (jid: BareJid) => string,
): Promise<Tally> {
  const pending = new Map<BareJid, Waiter>()
  const failures: Failure[] = []
  const byCode = new Map<Failure['code'], FailureCount>()
  let updated = 0
  let changed = 0
  let errors = 0
  let finish = () => {}
  const complete = new Promise<void>((resolve) => {
    finish = resolve
  })

  const settle = (jid: BareJid, settlement: Settlement): void => {
    pending.delete(jid)
    if (settlement.kind === 'updated') {
      updated++
      if (settlement.changed) changed++
    } else {
      errors++
      const failure = { username: nameOf(jid), code: settlement.code, message: settlement.message }
      countFailure(byCode, failure)
      if (failures.length < MAX_LISTED_FAILURES) failures.push(failure)
    }
    if (pending.size === 0) finish()
  }
  for (const [at, jid] of users.entries()) {
    if (at > 0 && at % USERS_PER_TURN === 0) await turn()
    pending.set(
      jid,
      settlements.watch(jid, (settlement) => settle(jid, settlement)),
    )
  }
  if (pending.size === 0) finish()

  return {
    expect(asked, requested) {
      asked.forEach((jid, i) => {
        const waiter = pending.get(jid)
        if (waiter) settlements.expect(waiter, { epoch: requested.epoch, ...requested.at(i) })
      })
    },
    counts: () => ({ updated, changed, errors, pending: pending.size, failures }),
    failuresByCode: () => [...byCode.values()],
    giveUp(users, settlement) {
      for (const jid of users) {
        const waiter = pending.get(jid)
        if (!waiter) continue
        settlements.stop(waiter)
        settle(jid, settlement)
      }
    },
    pending: () => [...pending.keys()],
    complete,
    stop() {
      for (const waiter of pending.values()) settlements.stop(waiter)
    },
  }
}
