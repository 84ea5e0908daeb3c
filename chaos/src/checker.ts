import type { Troubles } from './troubles.ts'
import type { Violation, ViolationKind } from './violations.ts'

export interface CheckerOptions {
  /** Users are 0 … users - 1. */
  readonly users: number
  readonly refreshDeadlineMs: number
  readonly readDeadlineMs: number
  /** What a busy machine may add to a deadline. */
  readonly graceMs: number
  readonly troubles: Troubles
}

/** What Redis holds of a user. A serial of 0: no roster; null: one that the backend never had. */
export interface Row {
  readonly serial: number | null
  readonly wanted: number
  readonly fetched: number
  readonly failed: number
}

/** The counts of a refresh, as the answer or a later look at its progress gives them. */
export interface Counts {
  readonly updated: number
  readonly errors: number
  readonly pending: number
  readonly failures: readonly { readonly user: number; readonly code: string }[]
}

/** `broken`: there was none, the connection broke or what came was no answer. */
export type RefreshAnswer =
  | { readonly kind: 'counts'; readonly counts: Counts }
  | { readonly kind: 'refused' | 'broken' | 'late'; readonly what: string }

export type ReadAnswer =
  | { readonly kind: 'roster'; readonly serial: number | null }
  | { readonly kind: 'refused' | 'broken' | 'late'; readonly what: string }

interface Asked {
  readonly api: number
  readonly at: number
  /** Which life of the data in Redis it belongs to; null: it was asked while that was not known. */
  readonly life: number | null
}

export interface Reading extends Asked {
  readonly user: number
  /** The newest serial that had been seen stored when it began. */
  readonly floor: number
}

export interface Refreshing extends Asked {
  readonly users: readonly number[]
  /** Of each user: the serial that the backend had when the refresh was sent. */
  readonly serials: readonly number[]
  /** Users updated as of the last look. */
  updated: number
}

export interface Looking extends Pick<Asked, 'life'> {
  readonly floors: readonly (readonly [serial: number, fetched: number, failed: number])[]
  readonly users: readonly number[]
}

export type Checker = ReturnType<typeof checker>

/**
 * Holds what is answered and what is stored against the truth. It is told of everything that is asked before it is asked
 * and of every answer after it was given, so that of two things it knows which was first only when that is certain.
 * No clock and no I/O: all times are told.
 */
export function checker({ users, refreshDeadlineMs, readDeadlineMs, graceMs, troubles }: CheckerOptions) {
  const violations: Violation[] = []
  const floors = new Float64Array(users)
  const fetched = new Float64Array(users)
  const failed = new Float64Array(users)
  /** The serial that the stored roster must have reached in the end, as somebody was told so. */
  const due = new Float64Array(users)
  let life = 0
  let certain = true
  let answers = 0
  let usersTold = 0

  const lifeNow = (): number | null => (certain ? life : null)
  const counts = (asked: Pick<Asked, 'life'>): boolean => certain && asked.life === life
  const violated = (kind: ViolationKind, at: number, what: string, user?: number): void =>
    void violations.push({ kind, at, what, ...(user !== undefined && { user }) })

  function answered({ api, at: from }: Asked, at: number, deadlineMs: number, what: string): void {
    answers++
    troubles.answered(from, at)
    if (at - from <= deadlineMs + graceMs) return
    if (!troubles.excuse(from, at, ({ broken }) => broken?.(api)))
      violated('deadline', at, `${what} took ${Math.round(at - from)} ms; its deadline is ${deadlineMs} ms`)
  }

  /** A failure needs a cause: a fetch that may have failed, or data that was lost. */
  function checkFailures(asked: Refreshing, { failures, errors }: Counts, at: number): void {
    const mayFail = (user: number, before = 0) =>
      troubles.excuse(asked.at - before, at, (excuses) => excuses.failed?.(user))
    for (const { user, code } of failures) {
      const explained =
        code === 'store-reset'
          ? !counts(asked)
          : isOfBackend(code) && mayFail(user, code === 'breaker-open' ? BREAKER_MS : 0)
      if (!explained) violated('failed', at, `a refresh was told "${code}"`, user)
    }
    if (errors > failures.length && counts(asked) && !asked.users.some((user) => mayFail(user, BREAKER_MS)))
      violated('failed', at, `a refresh was told of ${errors} errors`)
  }

  function checkCounts(asked: Refreshing, told: Counts, at: number): void {
    const { updated, errors, pending } = told
    if (updated + errors + pending !== asked.users.length)
      violated('counts', at, `${updated} + ${errors} + ${pending} is not ${asked.users.length}, the users asked for`)
    if (updated < asked.updated && counts(asked))
      violated('counts', at, `${asked.updated} users had been updated, now it is ${updated}`)
    asked.updated = Math.max(asked.updated, updated)
    checkFailures(asked, told, at)
  }

  function owe({ users: asked, serials }: Refreshing, but: ReadonlySet<number> = new Set()): void {
    asked.forEach((user, i) => {
      if (!but.has(user)) due[user] = Math.max(due[user] ?? 0, serials[i] ?? 0)
    })
  }

  return {
    violations,
    violated,
    answers: () => answers,
    usersTold: () => usersTold,

    reading: (user: number, api: number, at: number): Reading => ({
      user,
      api,
      at,
      life: lifeNow(),
      floor: floors[user] ?? 0,
    }),

    read(reading: Reading, answer: ReadAnswer, at: number): void {
      const { user, api, floor } = reading
      if (answer.kind !== 'broken') answered(reading, at, readDeadlineMs, 'a read')
      const excuse = (by: 'unread' | 'broken' | 'refused') =>
        troubles.excuse(reading.at, at, (excuses) => excuses[by]?.(api))
      if (answer.kind === 'broken') {
        if (!excuse('broken')) violated('broken', at, `a read: ${answer.what}`, user)
      } else if (answer.kind !== 'roster') {
        if (floor > 0 && counts(reading) && !excuse('unread') && !excuse('broken'))
          violated('last-good', at, `serial ${floor} was stored, but a read said ${answer.what}`, user)
      } else if (answer.serial === null) {
        violated('damaged', at, 'a read gave something else', user)
      } else if (counts(reading)) {
        if (answer.serial === 0 && floor > 0) violated('last-good', at, `serial ${floor} was stored, now nothing`, user)
        else if (answer.serial < floor)
          violated('backwards', at, `serial ${floor} was stored, now a read gave ${answer.serial}`, user)
        floors[user] = Math.max(floors[user] ?? 0, answer.serial)
      }
    },

    /** `serials`: what the backend has of these users, or less. */
    refreshing: (asked: readonly number[], serials: readonly number[], api: number, at: number): Refreshing => ({
      users: asked,
      serials,
      api,
      at,
      life: lifeNow(),
      updated: 0,
    }),

    refreshed(asked: Refreshing, answer: RefreshAnswer, at: number): void {
      const { api } = asked
      if (answer.kind === 'broken') {
        if (!troubles.excuse(asked.at, at, ({ broken }) => broken?.(api)))
          violated('broken', at, `a refresh of ${asked.users.length}: ${answer.what}`)
        return
      }
      answered(asked, at, refreshDeadlineMs, `a refresh of ${asked.users.length}`)
      if (answer.kind === 'counts') {
        usersTold += asked.users.length
        checkCounts(asked, answer.counts, at)
      } else if (!troubles.excuse(asked.at, at, ({ refused }) => refused?.(api)))
        violated('refused', at, `a refresh of ${asked.users.length}: ${answer.what}`)
    },

    /** A later look at a refresh that was answered while users were pending. */
    progressed(asked: Refreshing, told: Counts, at: number): void {
      checkCounts(asked, told, at)
    },

    looking: (looked: readonly number[]): Looking => ({
      users: looked,
      life: lifeNow(),
      floors: looked.map((user) => [floors[user] ?? 0, fetched[user] ?? 0, failed[user] ?? 0]),
    }),

    /** What a look at Redis found. True when it could be compared with what was seen before. */
    looked(looking: Looking, rows: readonly Row[], at: number): boolean {
      if (!counts(looking)) return false
      looking.users.forEach((user, i) => {
        const [serial = 0, before = 0, beforeFailed = 0] = looking.floors[i] ?? []
        const row = rows[i]
        if (!row) return
        if (row.serial === null) {
          violated('damaged', at, 'what is stored is something else', user)
          return
        }
        if (row.serial < serial) violated('backwards', at, `serial ${serial} was stored, now ${row.serial}`, user)
        if (row.fetched < before || row.failed < beforeFailed) {
          const went = `fetched ${before} → ${row.fetched}, failed ${beforeFailed} → ${row.failed}`
          violated('counters', at, went, user)
        }
        floors[user] = Math.max(floors[user] ?? 0, row.serial)
        fetched[user] = Math.max(fetched[user] ?? 0, row.fetched)
        failed[user] = Math.max(failed[user] ?? 0, row.failed)
      })
      return true
    },

    /** What was stored when a refresh had been answered: whoever was counted as updated must be there. */
    stored(asked: Refreshing, told: Counts, rows: readonly Row[], at: number): void {
      if (!counts(asked)) return
      const listed = new Set(told.failures.map(({ user }) => user))
      const stale = asked.users.filter((user, i) => !listed.has(user) && serialOf(rows[i]) < (asked.serials[i] ?? 0))
      const mayBe = told.errors - listed.size + told.pending
      if (stale.length > mayBe) {
        const [user] = stale
        const which = asked.users.indexOf(user ?? -1)
        const how = `asked at serial ${asked.serials[which]}, stored is ${serialOf(rows[which])}`
        const many = `${stale.length} users of ${asked.users.length} are behind, ${mayBe} may be`
        violated('fresh', at, `${how}; ${many}`, user)
      }
      if (mayBe > 0) return // nobody says who it is that must be up to date
      owe(asked, listed)
    },

    /** A refresh that was accepted, and whose api will never answer: in the end all its users must be up to date. */
    owed(asked: Refreshing): void {
      if (counts(asked)) owe(asked)
    },

    /** A refresh that was accepted, and that nobody knows how it ended. */
    forgotten(asked: Refreshing, what: string, at: number): void {
      if (counts(asked)) violated('lost', at, `a refresh of ${asked.users.length} that was accepted: ${what}`)
    },

    /** From now on nobody knows whether Redis still has its data … */
    losing(): void {
      certain = false
    },
    /** … until it has turned out that it has … */
    kept(): void {
      certain = true
    },
    /** … or has not: nothing of before is owed or known any longer. */
    lost(): void {
      life++
      for (const known of [floors, fetched, failed, due]) known.fill(0)
      certain = true
    },

    /** All is quiet: nobody may be open, and everybody who was told so must be up to date. */
    settled(rows: readonly Row[], at: number): void {
      rows.forEach(({ serial, wanted, fetched, failed }, user) => {
        const settled = Math.max(fetched, failed)
        if (settled < wanted) violated('lost', at, `asked for ${wanted} times, settled ${settled}`, user)
        else if (serial !== null && serial < (due[user] ?? 0))
          violated('lost', at, `serial ${due[user]} was told to be stored, it is ${serial}`, user)
      })
    },

    /** Everybody was asked for again and settled: what is stored is what the backend has. */
    complete(rows: readonly Row[], serials: readonly number[], at: number): void {
      rows.forEach(({ serial }, user) => {
        if (serial !== serials[user])
          violated('truth', at, `the backend has serial ${serials[user]}, stored is ${serial}`, user)
      })
    },
  }
}

/** A breaker may stay open for so long after the backend is well again: each worker has its own. */
const BREAKER_MS = 30_000

const serialOf = (row: Row | undefined): number => row?.serial ?? 0

const isOfBackend = (code: string): boolean => code === 'breaker-open' || /^(backend|roster)-/.test(code)
