import { describe, expect, test } from 'vitest'
import { type Checker, type Counts, checker, type Row } from './checker.ts'
import { troubles as newTroubles } from './troubles.ts'

// What the campaign says is worth as much as this: false histories must be found out, true ones must not.

const USERS = 10
const ANYBODY = () => true

function scene() {
  const troubles = newTroubles()
  const check = checker({ users: USERS, refreshDeadlineMs: 1000, readDeadlineMs: 500, graceMs: 100, troubles })
  return { troubles, check, kinds: () => check.violations.map(({ kind }) => kind) }
}

const row = (serial: number | null, fetched = 1, failed = 0): Row => ({ serial, wanted: fetched, fetched, failed })
const counts = (updated: number, more: Partial<Counts> = {}): Counts => ({
  updated,
  errors: 0,
  pending: 0,
  failures: [],
  ...more,
})

/** A refresh of users 0 … at serial 5, answered, and what was stored then. */
function refresh(check: Checker, told: Counts, rows: readonly Row[], users = rows.map((_, user) => user)): void {
  const serials = users.map(() => 5)
  const asked = check.refreshing(users, serials, 0, 10)
  check.refreshed(asked, { kind: 'counts', counts: told }, 20)
  const looking = check.looking(users)
  if (check.looked(looking, rows, 30)) check.stored(asked, told, rows, 30)
}

const see = (check: Checker, user: number, serial: number) =>
  check.read(check.reading(user, 0, 1), { kind: 'roster', serial }, 2)

describe('refreshes', () => {
  test('all updated, and all stored: fine', () => {
    const { check, kinds } = scene()
    refresh(check, counts(2), [row(5), row(6)])
    expect(kinds()).toEqual([])
    expect([check.answers(), check.usersTold()]).toEqual([1, 2])
  })

  test('told updated, but an older roster is stored', () => {
    const { check, kinds } = scene()
    refresh(check, counts(2), [row(5), row(4)])
    expect(kinds()).toEqual(['fresh'])
    expect(check.violations[0]).toMatchObject({ user: 1, what: expect.stringContaining('asked at serial 5') })
  })

  test('told updated, but nothing is stored', () => {
    const { check, kinds } = scene()
    refresh(check, counts(1), [row(0)])
    expect(kinds()).toEqual(['fresh'])
  })

  test('as many may be behind as are pending, and no more', () => {
    const one = scene()
    refresh(one.check, counts(1, { pending: 1 }), [row(5), row(4)])
    expect(one.kinds()).toEqual([])
    const two = scene()
    refresh(two.check, counts(1, { pending: 1 }), [row(4), row(4)])
    expect(two.kinds()).toEqual(['fresh'])
  })

  test('a user who is listed as failed may be behind, another one may not', () => {
    const told = counts(1, { errors: 1, failures: [{ user: 0, code: 'backend-status' }] })
    const one = scene()
    one.troubles.begin('backend', { failed: ANYBODY }, 0)
    refresh(one.check, told, [row(4), row(5)])
    expect(one.kinds()).toEqual([])
    const two = scene()
    two.troubles.begin('backend', { failed: ANYBODY }, 0)
    refresh(two.check, told, [row(5), row(4)])
    expect(two.kinds()).toEqual(['fresh'])
  })

  test('counts that do not add up', () => {
    const { check, kinds } = scene()
    refresh(check, counts(1), [row(5), row(5)])
    expect(kinds()).toEqual(['counts'])
  })

  test('users who were updated and no longer are', () => {
    const { check, kinds } = scene()
    const asked = check.refreshing([0, 1], [5, 5], 0, 10)
    check.refreshed(asked, { kind: 'counts', counts: counts(1, { pending: 1 }) }, 20)
    check.progressed(asked, counts(0, { pending: 2 }), 30)
    expect(kinds()).toEqual(['counts'])
  })

  test('a failure without a cause, or of a user whose fetches cannot fail', () => {
    const { check, kinds, troubles } = scene()
    const told = counts(0, { errors: 1, failures: [{ user: 0, code: 'backend-timeout' }] })
    refresh(check, told, [row(4)])
    troubles.begin('backend', { failed: (user) => user === 3 }, 0)
    refresh(check, told, [row(4)])
    expect(kinds()).toEqual(['failed', 'failed'])
  })

  test.each(['store-reset', 'worker-crashed', 'user-unknown'])('%s, when no data was lost', (code) => {
    const { check, kinds, troubles } = scene()
    troubles.begin('backend', { failed: ANYBODY }, 0)
    refresh(check, counts(0, { errors: 1, failures: [{ user: 0, code }] }), [row(4)])
    expect(kinds()).toEqual(['failed'])
  })

  test('a failure that had a cause, but one that was over before', () => {
    const { check, kinds, troubles } = scene()
    troubles.begin('backend', { failed: ANYBODY }, 0).to = 9
    refresh(check, counts(0, { errors: 1, failures: [{ user: 0, code: 'backend-timeout' }] }), [row(4)])
    expect(kinds()).toEqual(['failed'])
  })

  test('more errors than are listed need a cause, too', () => {
    const { check, kinds } = scene()
    refresh(check, counts(0, { errors: 2 }), [row(4), row(4)])
    expect(kinds()).toEqual(['failed'])
  })

  test('late, refused, broken: only with an excuse of that api', () => {
    const { check, kinds, troubles } = scene()
    const ask = (at: number) => check.refreshing([0], [1], 0, at)
    check.refreshed(ask(0), { kind: 'counts', counts: counts(1) }, 1101)
    check.refreshed(ask(0), { kind: 'refused', what: '503' }, 10)
    check.refreshed(ask(0), { kind: 'broken', what: 'ECONNRESET' }, 10)
    expect(kinds()).toEqual(['deadline', 'refused', 'broken'])
    troubles.begin('other', { refused: (api) => api === 1, broken: (api) => api === 1 }, 2000)
    check.refreshed(ask(2000), { kind: 'refused', what: '503' }, 2001)
    check.refreshed(ask(2000), { kind: 'broken', what: 'ECONNRESET' }, 2001)
    expect(kinds()).toHaveLength(5)
    troubles.begin('this', { refused: ANYBODY, broken: ANYBODY }, 3000)
    check.refreshed(ask(3000), { kind: 'counts', counts: counts(1) }, 9000)
    check.refreshed(ask(3000), { kind: 'refused', what: '503' }, 3001)
    check.refreshed(ask(3000), { kind: 'broken', what: 'ECONNRESET' }, 3001)
    expect(kinds()).toHaveLength(5)
  })

  test('answers are counted to the faults that they were given in', () => {
    const { check, troubles } = scene()
    const before = troubles.begin('before', {}, 0)
    before.to = 5
    const during = troubles.begin('during', {}, 15)
    refresh(check, counts(1), [row(5)])
    expect([before.answers, during.answers]).toEqual([0, 1])
  })
})

describe('reads', () => {
  test('a roster that goes back', () => {
    const { check, kinds } = scene()
    see(check, 0, 5)
    see(check, 0, 4)
    expect(kinds()).toEqual(['backwards'])
  })

  test('a read that began before the newer one was seen may still give the older one', () => {
    const { check, kinds } = scene()
    const early = check.reading(0, 0, 1)
    see(check, 0, 5)
    check.read(early, { kind: 'roster', serial: 4 }, 3)
    expect(kinds()).toEqual([])
  })

  test('a roster that is gone, not served, or damaged', () => {
    const { check, kinds } = scene()
    see(check, 0, 5)
    see(check, 0, 0)
    check.read(check.reading(0, 0, 3), { kind: 'refused', what: '503' }, 4)
    check.read(check.reading(0, 0, 5), { kind: 'roster', serial: null }, 6)
    expect(kinds()).toEqual(['last-good', 'last-good', 'damaged'])
  })

  test('a roster that was never stored may be refused', () => {
    const { check, kinds } = scene()
    check.read(check.reading(0, 0, 3), { kind: 'refused', what: '503' }, 4)
    expect(kinds()).toEqual([])
  })

  test('while refreshes are refused, what is stored is still served', () => {
    const { check, kinds, troubles } = scene()
    see(check, 0, 5)
    troubles.begin('full', { refused: ANYBODY }, 3)
    check.read(check.reading(0, 0, 4), { kind: 'refused', what: '503' }, 5)
    expect(kinds()).toEqual(['last-good'])
  })
})

describe('what is stored', () => {
  test('goes back, and so does how far a user has come', () => {
    const { check, kinds } = scene()
    check.looked(check.looking([0, 1, 2]), [row(5, 3), row(5, 3, 2), row(5, 3)], 1)
    check.looked(check.looking([0, 1, 2]), [row(4, 3), row(5, 3, 0), row(5, 2)], 2)
    expect(kinds()).toEqual(['backwards', 'counters', 'counters'])
  })

  test('is something that the backend never had', () => {
    const { check, kinds } = scene()
    check.looked(check.looking([0]), [row(null)], 1)
    expect(kinds()).toEqual(['damaged'])
  })

  test('in the end nobody is open, and whoever was told so is up to date', () => {
    const { check, kinds } = scene()
    refresh(check, counts(2), [row(5), row(5)])
    check.settled([row(5), row(5)], 50)
    expect(kinds()).toEqual([])
    check.settled([{ serial: 5, wanted: 3, fetched: 2, failed: 1 }, row(4)], 50)
    expect(kinds()).toEqual(['lost', 'lost'])
  })

  test('a refresh whose api was killed is owed', () => {
    const { check, kinds } = scene()
    check.owed(check.refreshing([0], [5], 0, 1))
    check.settled([row(4)], 50)
    expect(kinds()).toEqual(['lost'])
  })

  test('in the end it is what the backend has', () => {
    const { check, kinds } = scene()
    check.complete([row(5), row(6), row(null)], [5, 7, 1], 60)
    expect(kinds()).toEqual(['truth', 'truth'])
  })
})

describe('a Redis that is killed', () => {
  test('and lost its data: nothing of before counts', () => {
    const { check, kinds } = scene()
    refresh(check, counts(1), [row(5, 7)])
    const asked = check.refreshing([0], [9], 0, 10)
    const reading = check.reading(0, 0, 10)
    check.losing()
    check.lost()
    check.read(reading, { kind: 'roster', serial: 1 }, 20)
    check.looked(check.looking([0]), [row(1, 1)], 20)
    check.stored(asked, counts(1), [row(1, 1)], 20)
    check.forgotten(asked, 'unknown', 20)
    check.refreshed(
      asked,
      { kind: 'counts', counts: counts(0, { errors: 1, failures: [{ user: 0, code: 'store-reset' }] }) },
      20,
    )
    check.settled([row(1, 1)], 30)
    expect(kinds()).toEqual([])
  })

  test('and kept them: all of before counts', () => {
    const { check, kinds } = scene()
    see(check, 0, 5)
    const asked = check.refreshing([0], [9], 0, 10)
    check.losing()
    see(check, 0, 4) // nobody knows yet
    expect(kinds()).toEqual([])
    check.kept()
    see(check, 0, 4)
    check.stored(asked, counts(1), [row(5)], 20)
    check.forgotten(asked, 'unknown', 20)
    expect(kinds()).toEqual(['backwards', 'fresh', 'lost'])
  })

  test('what is asked after it lost its data counts again', () => {
    const { check, kinds } = scene()
    check.losing()
    check.lost()
    see(check, 0, 5)
    see(check, 0, 4)
    expect(kinds()).toEqual(['backwards'])
  })
})
