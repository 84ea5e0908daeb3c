import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startChild } from './child.ts'
import type { LogLine } from './log-line.ts'
import { part } from './part.ts'
import { PartFailedError } from './part-failed-error.ts'

function scriptPart(script: string) {
  const logDirectory = mkdtempSync(join(tmpdir(), 'rollcall-part-'))
  onTestFinished(() => rmSync(logDirectory, { recursive: true }))
  const notes: LogLine[] = []
  const said: string[] = []
  const api = part({
    name: 'api',
    logDirectory,
    launch: ({ onLine }) => startChild({ name: 'api', command: process.execPath, args: ['--eval', script], onLine }),
    ready: (child) => child.waitForLine(/ready/),
    onNote: (_part, note) => notes.push(note),
    onEnd: () => undefined,
    onSay: (line) => said.push(line),
  })
  onTestFinished(() => api.stop(0))
  return { api, notes, said }
}

test('a part that ends at start shows what people should see of its log, and names the log', async () => {
  const fatal = { level: 'fatal', msg: 'Port 8080 is taken', err: { message: 'Port 8080 is taken', stack: 'at …' } }
  const { api, notes } = scriptPart(
    `console.log('{"level":"info","msg":"starts"}'); console.log(${JSON.stringify(JSON.stringify(fatal))}); process.exitCode = 1`,
  )
  const error: unknown = await api.start().catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(PartFailedError)
  expect((error as Error).message).toBe(`api ended (exit code 1) before it was ready; its log is ${api.logFile}`)
  expect(notes).toEqual([{ severity: 'error', text: 'Port 8080 is taken' }])
  await expect.poll(() => readFileSync(api.logFile, 'utf8')).toContain('"stack":"at …"')
})

test('one whose log is plain text shows the end of it', async () => {
  const { api } = scriptPart(`for (let n = 1; n < 10; n++) console.log('line', n); process.exitCode = 1`)
  await expect(api.start()).rejects.toThrow(
    /its log is .*\n {2}line 5\n {2}line 6\n {2}line 7\n {2}line 8\n {2}line 9$/,
  )
})

test('what a part says is passed on, what it complains of is not said', async () => {
  const { api, said } = scriptPart(
    'console.error("hm"); console.log("ready"); console.log("hello"); setInterval(() => {}, 1000)',
  )
  await api.start()
  await expect.poll(() => said).toEqual(['ready', 'hello'])
  await api.stop(1_000)
})

test('what has been stopped is not started again', async () => {
  const { api } = scriptPart('console.log("ready"); setInterval(() => {}, 1000)')
  await api.start()
  await api.stop(1_000)
  await expect(api.start()).rejects.toThrow('api is not started: everything is being stopped')
})
