import { expect, onTestFinished, test } from 'vitest'
import { type Child, ChildEndedError, startChild } from './child.ts'
import { freePort } from './free-port.ts'

const node = async (script: string, env: Record<string, string> = {}): Promise<Child> => {
  const child = await startChild({ name: 'script', command: process.execPath, args: ['--eval', script], env })
  onTestFinished(async () => void (await child.stop({ graceMs: 0 })))
  return child
}

test('waits for a line, to come or already written, on stdout or stderr', async () => {
  const child = await node('console.log("one"); console.error("two"); setInterval(() => {}, 1000)')
  expect(await child.waitForLine(/tw/)).toBe('two')
  expect(await child.waitForLine(/one/)).toBe('one')
  expect([...child.lastLines()].sort()).toEqual(['one', 'two'])
})

test('a child that ends while something is waited for is an error that says how it ended and what it wrote', async () => {
  const child = await node('console.error("no such setting"); process.exitCode = 3')
  const waiting = child.waitForLine(/ready/)
  await expect(waiting).rejects.toThrow(ChildEndedError)
  await expect(waiting).rejects.toThrow(/script ended \(exit code 3\)\n {2}no such setting/)
  await expect(child.waitForUrl('http://127.0.0.1:1/')).rejects.toThrow(ChildEndedError)
  expect(child.exit()).toEqual({ code: 3, signal: null })
})

test('waits for a URL until its answer is the one that is wanted', async () => {
  const port = await freePort()
  const script = `let n = 0
    require('node:http').createServer((_, res) => { res.statusCode = ++n < 3 ? 503 : 200; res.end(String(n)) })
      .listen(process.env.PORT, '127.0.0.1')`
  const child = await node(script, { PORT: String(port) })
  expect(await (await child.waitForUrl(`http://127.0.0.1:${port}/`)).text()).toBe('3')
})

test('gives up at the deadline', async () => {
  const child = await node('setInterval(() => {}, 1000)')
  await expect(child.waitForLine(/never/, 10)).rejects.toThrow('no line like /never/ within 10 ms')
  await expect(child.waitForUrl('http://127.0.0.1:1/', { timeoutMs: 10 })).rejects.toThrow('within 10 ms')
})

test('asks a child to stop, and kills the one that does not listen', async () => {
  const polite = await node(
    'process.on("SIGTERM", () => process.exit(7)); console.log("up"); setInterval(() => {}, 1000)',
  )
  await polite.waitForLine(/up/)
  expect(await polite.stop()).toEqual({ code: 7, signal: null })

  const stubborn = await node('process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)')
  await stubborn.waitForLine(/up/)
  expect(await stubborn.stop({ graceMs: 50 })).toEqual({ code: null, signal: 'SIGKILL' })
  expect(await stubborn.stop()).toEqual({ code: null, signal: 'SIGKILL' })
})

test('a command that does not exist is an error of starting', async () => {
  for (const command of ['/no/such/program', 'no-such-program']) {
    await expect(startChild({ name: 'nothing', command })).rejects.toThrow(
      `nothing cannot be started: there is no ${command}`,
    )
  }
})
