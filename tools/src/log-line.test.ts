import { describe, expect, test } from 'vitest'
import { noteworthy } from './log-line.ts'

describe('what is shown of a log', () => {
  test('nothing of everyday lines', () => {
    expect(noteworthy('{"level":30,"msg":"listening"}', 'stdout')).toBeUndefined()
    expect(noteworthy('{"level":"info","msg":"listening"}', 'stdout')).toBeUndefined()
    expect(noteworthy('Contacts application with 1000 users', 'stdout')).toBeUndefined()
    expect(noteworthy('  ', 'stderr')).toBeUndefined()
  })

  test('warnings and errors, with the message of the error', () => {
    expect(
      noteworthy('{"level":"warn","msg":"Redis is not reachable","err":{"message":"connect ECONNREFUSED"}}', 'stdout'),
    ).toEqual({
      severity: 'warning',
      text: 'Redis is not reachable: connect ECONNREFUSED',
    })
    expect(noteworthy('{"level":50,"msg":"boom","err":{"message":"boom"}}', 'stdout')).toEqual({
      severity: 'error',
      text: 'boom',
    })
  })

  test('the reason that an app gives', () => {
    const line = '{"level":"warn","msg":"A target cannot be reached","reason":"it closed the connection"}'
    expect(noteworthy(line, 'stdout')?.text).toBe('A target cannot be reached: it closed the connection')
  })

  test('of stderr what is no log line, as it is, without the frames of a stack: a crash before the log is up', () => {
    const text = 'SyntaxError: Unexpected token'
    expect(noteworthy(text, 'stderr')).toEqual({ severity: 'error', text })
    expect(noteworthy('{ code: 1', 'stderr')).toEqual({ severity: 'error', text: '{ code: 1' })
    expect(noteworthy('    at new Script (node:vm:117:7)', 'stderr')).toBeUndefined()
    expect(noteworthy('IMPORTANT! Eviction policy is allkeys-lru.', 'stderr')).toBeUndefined()
  })
})
