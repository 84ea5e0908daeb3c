import { describe, expect, test } from 'vitest'
import { noteworthy } from './log-line.ts'

describe('what is shown of a log', () => {
  test('nothing of everyday lines', () => {
    expect(noteworthy('{"level":30,"msg":"listening"}')).toBeUndefined()
    expect(noteworthy('{"level":"info","msg":"listening"}')).toBeUndefined()
    expect(noteworthy('  ')).toBeUndefined()
  })

  test('warnings and errors, with the message of the error', () => {
    expect(
      noteworthy('{"level":"warn","msg":"Redis is not reachable","err":{"message":"connect ECONNREFUSED"}}'),
    ).toEqual({
      severity: 'warning',
      text: 'Redis is not reachable: connect ECONNREFUSED',
    })
    expect(noteworthy('{"level":50,"msg":"boom","err":{"message":"boom"}}')).toEqual({
      severity: 'error',
      text: 'boom',
    })
  })

  test('what is no log line, as it is: a crash before the log is up', () => {
    expect(noteworthy('SyntaxError: Unexpected token')).toEqual({
      severity: 'error',
      text: 'SyntaxError: Unexpected token',
    })
    expect(noteworthy('{ code: 1')).toEqual({ severity: 'error', text: '{ code: 1' })
  })
})
