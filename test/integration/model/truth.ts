import type { BareJid } from '@rollcall/roster'
import type { CommitResult, DropResult, Fetch } from '@rollcall/runtime'
import type { Settlement } from '../../../apps/api/src/settlements.ts'
import { Violation, type ViolationKind } from './violation.ts'

/** A fetch as it really went. All times are counts of steps. */
export interface RealFetch {
  readonly user: BareJid
  readonly begunAt: number
  readonly generation: number
  /** When the backend was read, and what it had then. */
  readAt: number
  serial: number
}

/** What is true of a user, as far as an onlooker who sees every step can know it. */
export interface UserTruth {
  /** Of the roster that the backend has now. */
  serial: number
  /** The fetch whose roster is stored: of those that wrote, the one that Redis accepted last. */
  stored: RealFetch | null
  /** Why there is no roster any more, although one was stored. */
  dropped: 'gone' | 'unused' | null
  /** Nobody is to see to it that his last fetch failed: somebody dismissed that, or nobody uses his roster. */
  leftAlone: boolean
  /** Rosters written since Redis had no data, and what they were: the n-th made version n. */
  commits: number
  readonly serials: Map<number, number>
  /** Also of Redis data that was lost since. */
  freshestRead: number
  lastFailedBegunAt: number
  /** Crashes, lost locks and lost answers since the user settled last. */
  troubles: number
}

/** One call of one api, as seen from outside. */
export interface RealRequest {
  readonly name: string
  readonly users: readonly BareJid[]
  readonly replica: string
  /** What was true when the script ran, last time it did; null: it has not. */
  accepted: { readonly at: number; readonly losses: number; readonly epoch: string } | null
  readonly generations: Map<BareJid, number>
  readonly versions: Map<BareJid, number>
  readonly serials: Map<BareJid, number>
  readonly told: Map<BareJid, Settlement>
  /** What the stored state said last time: G1f, and who has to be told. */
  readonly stateSaid: Map<BareJid, Settlement>
  crashed: boolean
}

export type Truth = ReturnType<typeof truth>

/**
 * Notes what happens, and checks what can be checked at once. The first violation of a kind that is watched for is kept
 * for `throwIfViolated`.
 */
export function truth(users: readonly BareJid[], maxStarts: number, watched: readonly ViolationKind[]) {
  const truths = new Map<BareJid, UserTruth>(
    users.map((jid) => [
      jid,
      {
        serial: 1,
        stored: null,
        dropped: null,
        leftAlone: false,
        commits: 0,
        serials: new Map(),
        freshestRead: 0,
        lastFailedBegunAt: 0,
        troubles: 0,
      },
    ]),
  )
  const requests: RealRequest[] = []
  const steps: string[] = []
  let losses = 0
  let violation: Violation | null = null

  const violated = (kind: ViolationKind, what: string): void => {
    if (watched.includes(kind)) violation ??= new Violation(kind, what, steps)
  }
  const of = (jid: BareJid): UserTruth => {
    const found = truths.get(jid)
    if (!found) throw new Error(`Not a user of this run: ${jid}`)
    return found
  }

  /** G2: only the latest begun fetch writes, or says that there is nothing to write. */
  function checkOrder(fetch: RealFetch, before: RealFetch | null): void {
    if (before && fetch.serial < before.serial)
      violated('G2v', `the roster of ${fetch.user} goes back from ${before.serial} to ${fetch.serial}`)
    if (before && fetch.begunAt < before.begunAt)
      violated('G2f', `a fetch of ${fetch.user} begun in step ${fetch.begunAt} replaces one of step ${before.begunAt}`)
  }

  return {
    of,
    users,
    isStored: (jid: BareJid): boolean => of(jid).stored !== null && of(jid).dropped === null,
    requests,
    violated,
    losses: () => losses,
    now: () => steps.length,
    step: (what: string): void => void steps.push(what),
    explain: (more: string): void => {
      steps[steps.length - 1] += more
    },

    begun(user: BareJid, fetch: Fetch): RealFetch {
      return { user, begunAt: steps.length, generation: fetch.generation, readAt: 0, serial: 0 }
    },

    givenUp(user: BareJid): void {
      const its = of(user)
      if (its.troubles === 0) violated('S', `${user} is given up although none of its fetches died (${maxStarts} may)`)
      its.lastFailedBegunAt = steps.length
      its.leftAlone = false
      its.troubles = 0
    },

    wrote(fetch: RealFetch, how: 'commit' | 'confirm', result: CommitResult): void {
      if (result !== 'ok') return
      const its = of(fetch.user)
      const before = its.stored
      checkOrder(fetch, before)
      its.stored = { ...fetch, generation: Math.max(fetch.generation, before?.generation ?? 0) }
      its.dropped = null
      its.freshestRead = Math.max(its.freshestRead, fetch.readAt)
      its.troubles = 0
      if (how === 'commit') its.serials.set(++its.commits, fetch.serial)
    },

    gone(fetch: RealFetch, result: DropResult, held: boolean): void {
      if (result !== 'ok') return
      if (!held) violated('E2', `the roster of ${fetch.user} is dropped by a worker that lost the job`)
      const its = of(fetch.user)
      const before = its.stored
      checkOrder(fetch, before)
      if (before && its.dropped !== 'gone') its.commits++
      its.stored = { ...fetch, generation: before?.generation ?? 0 } // it brought no roster
      its.dropped = 'gone'
      its.leftAlone = false
      its.lastFailedBegunAt = Math.max(its.lastFailedBegunAt, fetch.begunAt)
      its.troubles = 0
    },

    forgotten(jid: BareJid): void {
      of(jid).dropped = 'unused'
      of(jid).leftAlone = true
    },

    /** Settled as failed by an operator, up to this generation. */
    cancelled(jid: BareJid, failed: number, generation: number): void {
      if (failed !== generation) violated('E3', `${jid} is cancelled up to ${failed}, but ${generation} was to be`)
      const its = of(jid)
      its.lastFailedBegunAt = steps.length
      its.leftAlone = false
      its.troubles = 0
    },

    dismissed(jid: BareJid): void {
      of(jid).leftAlone = true
    },

    failed(fetch: RealFetch, result: 'ok' | 'lock-lost', held: boolean): void {
      if (result !== 'ok') return
      if (!held) violated('E2', `${fetch.user} is settled as failed by a worker that lost the job`)
      const its = of(fetch.user)
      its.lastFailedBegunAt = Math.max(its.lastFailedBegunAt, fetch.begunAt)
      its.leftAlone = false
      its.troubles = 0
    },

    /** An api's caller is answered for one user. */
    told(request: RealRequest, jid: BareJid, settlement: Settlement): void {
      const { name, accepted, told } = request
      if (told.has(jid)) violated('G5', `${name} is told twice of ${jid}`)
      told.set(jid, settlement)
      if (!accepted) return violated('T', `${name} is told of ${jid} before it asked`)
      const its = of(jid)
      if (settlement.kind === 'updated') {
        if (its.freshestRead < accepted.at) violated('G1', `${name} is told "updated", but ${jid} was not read since`)
      } else if (settlement.code === 'store-reset') {
        if (losses === accepted.losses) violated('E4', `${name} is told that Redis lost its data, but it did not`)
      } else if (its.lastFailedBegunAt < accepted.at) {
        violated('E3', `${name} is told "error", but no fetch of ${jid} since then failed`)
      }
    },

    lostAllData(): void {
      losses++
      for (const its of truths.values()) {
        its.stored = null
        its.dropped = null
        its.leftAlone = false
        its.commits = 0
        its.serials.clear()
      }
    },

    throwIfViolated(): void {
      if (violation) throw violation
    },
  }
}
