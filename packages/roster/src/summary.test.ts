import { describe, expect, it } from 'vitest'
import type { Failure } from './failure.ts'
import {
  MAX_LISTED_FAILURES,
  RefreshSummary,
  Refusal,
  refusal,
  summarise,
  summariseOne,
  UserSummary,
} from './summary.ts'

const failure: Failure = { username: 'john', code: 'backend-timeout', message: 'No answer within 10 s' }
const nothing = { refresh: 'r1', updated: 0, errors: 0, pending: 0, changed: 0, failures: [] }

describe('the summary of a refresh', () => {
  it('has the four fields of mod_http_roster_admin first', () => {
    const { body } = summarise({ ...nothing, updated: 2, changed: 1 })
    expect(JSON.stringify(body)).toBe(
      '{"status":"ok","message":"roster update complete","updated":2,"errors":0,"changed":1,"refresh":"r1","failures":[]}',
    )
  })

  it.each([
    ['nothing was asked', {}, 200, 'ok', 'roster update complete'],
    ['all were updated', { updated: 3 }, 200, 'ok', 'roster update complete'],
    ['some failed', { updated: 1, errors: 2, failures: [failure] }, 200, 'ok', 'roster update complete'],
    [
      'all failed',
      { errors: 2, failures: [failure] },
      500,
      'error',
      'roster update failed: no roster was updated, see failures',
    ],
    ['some run', { updated: 1, errors: 1, pending: 3 }, 202, 'ok', 'roster update still running: 3 of 5 pending'],
    ['those settled failed', { errors: 1, pending: 1 }, 202, 'ok', 'roster update still running: 1 of 2 pending'],
  ])('when %s', (_, counts, httpStatus, status, message) => {
    const result = { ...nothing, ...counts }
    const answer = summarise(result)
    expect(answer).toEqual({
      httpStatus,
      body: expect.objectContaining({ status, message, failures: result.failures }),
    })
    expect(answer.body.pending).toBe(result.pending || undefined)
    expect(RefreshSummary.parse(answer.body)).toStrictEqual(answer.body)
  })

  it('counts all failures and lists the first of them', () => {
    const failures = Array.from({ length: 150 }, (_, i) => ({ ...failure, username: `user${i}` }))
    const { body } = summarise({ ...nothing, errors: 150, failures })
    expect(body.errors).toBe(150)
    expect(body.failures).toEqual(failures.slice(0, MAX_LISTED_FAILURES))
  })
})

describe('the summary of one user', () => {
  it.each([
    [{ updated: 1 }, 200, { status: 'ok', message: 'roster update complete' }],
    [{ pending: 1 }, 202, { status: 'ok', message: 'roster update still running' }],
    [
      { errors: 1, failures: [failure] },
      500,
      { status: 'error', message: 'roster update failed: backend-timeout: No answer within 10 s' },
    ],
  ])('%j', (result, httpStatus, body) => {
    expect(summariseOne({ ...nothing, ...result })).toEqual({ httpStatus, body })
    expect(UserSummary.parse(body)).toEqual(body)
  })
})

it('a refusal has the four fields too', () => {
  const body = refusal('The body is not JSON')
  expect(body).toEqual({ status: 'error', message: 'The body is not JSON', updated: 0, errors: 0 })
  expect(Refusal.parse(body)).toEqual(body)
})
