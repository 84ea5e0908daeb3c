import type { BackendAnswer } from '@rollcall/backend'
import { type BareJid, EMPTY_ROSTER, type User, userFromJid } from '@rollcall/roster'
import { expect, test } from 'vitest'
import { BEGUN } from '../../../test/support/begun.ts'
import { type RefreshDeps, refreshRoster, type Settled } from './refresh-roster.ts'

const JOHN = userFromJid('john@example.org' as BareJid)
const ATTEMPT = { lock: { jobId: 'john', token: '' }, last: true, mayPause: () => false }

const ROSTER: BackendAnswer = { kind: 'roster', roster: EMPTY_ROSTER, source: {} }
const UNCHANGED: BackendAnswer = { kind: 'unchanged', source: {} }
const GONE: BackendAnswer = { kind: 'gone', code: 'user-unknown', message: 'The backend answers 410' }
const FAILED: BackendAnswer = { kind: 'failed', code: 'backend-status', message: '500', retry: 'backoff' }

/** What is told to have settled when Redis answers so to whatever is written. */
async function told(answer: BackendAnswer, written: string, begun: unknown = BEGUN, failed = written) {
  const ends: unknown[] = []
  const write = async () => written
  const deps = {
    backend: { fetchRoster: async () => answer },
    store: { begin: async () => begun, commit: write, confirm: write, drop: write, fail: async () => failed },
    onSettled: ({ username }: User, how: Settled, askedAt?: number) => ends.push([username, how, askedAt]),
  } as unknown as RefreshDeps
  await refreshRoster(JOHN, ATTEMPT, deps)
  return ends
}

test.each<[BackendAnswer, Settled]>([
  [ROSTER, 'changed'],
  [UNCHANGED, 'unchanged'],
  [GONE, 'user-unknown'],
  [FAILED, 'backend-status'],
])('how a refresh ended is told once, when Redis has taken it: $0.kind is %s', async (answer, how) => {
  expect(await told(answer, 'ok')).toEqual([['john', how, BEGUN.askedAt]])
  expect(await told(answer, 'superseded')).toEqual([])
})

test('an empty roster that is held back has failed', async () => {
  expect(await told(ROSTER, 'held', BEGUN, 'ok')).toEqual([['john', 'roster-held', BEGUN.askedAt]])
})

test('a job whose workers died too often has ended as well', async () => {
  expect(await told(ROSTER, 'ok', { kind: 'given-up' })).toEqual([['john', 'worker-crashed', undefined]])
  expect(await told(ROSTER, 'ok', { kind: 'nothing-to-do' })).toEqual([])
})
