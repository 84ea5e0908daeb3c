import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { startTicksOf } from './process-identity.ts'
import { forgetRunning, type Running, readRunning, writeRunning } from './running.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-running-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
})

const running = (more: Partial<Running> = {}): Running => ({
  pid: process.pid,
  startTicks: startTicksOf(process.pid),
  url: 'http://127.0.0.1:8080',
  parts: [],
  ...more,
})

describe('what npm start wrote about itself', () => {
  test.runIf(process.platform === 'linux')('is read while that very process lives', () => {
    writeRunning(directory, running())
    expect(readRunning(directory)).toEqual(running())
    forgetRunning(directory)
    expect(readRunning(directory)).toBeUndefined()
  })

  test('names nobody once its pid belongs to another process, or to none', () => {
    writeRunning(directory, running({ startTicks: 1 }))
    expect(readRunning(directory)).toBeUndefined()
    writeRunning(directory, running({ pid: 2 ** 22 + 1 }))
    expect(readRunning(directory)).toBeUndefined()
  })

  test('names nobody when it was cut off or holds something else', () => {
    writeRunning(directory, running())
    const file = join(directory, 'running.json')
    for (const text of [readFileSync(file, 'utf8').slice(0, 40), '', 'null', '[]', '{"pid":1}']) {
      writeFileSync(file, text)
      expect(readRunning(directory)).toBeUndefined()
    }
  })
})
