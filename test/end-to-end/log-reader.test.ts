import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { repositoryRoot } from '@rollcall/tools'
import { expect, onTestFinished, test } from 'vitest'

/** A process that logs as all of them do, once `go` is written to it; to a pipe, or to an open file. */
function logger(work: string, to: 'pipe' | number = 'pipe') {
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { createLog } from '@rollcall/runtime'
       const log = createLog({ level: 'info', name: 'test' })
       process.stdin.once('data', async () => { ${work} })
       log.info('ready')`,
    ],
    { cwd: repositoryRoot, stdio: ['pipe', to, 'pipe'] },
  ) as ChildProcessWithoutNullStreams // but for the output when that is a file
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }))
  return { child, ended, go: () => child.stdin.write('go') }
}

test('a process whose log nobody reads any more ends all the same', async () => {
  const { child, ended, go } = logger(`log.info('the last but one'); log.info('the last'); process.exit(0)`)
  await once(child.stdout, 'data')
  child.stdout.destroy()
  await once(child.stdout, 'close')
  go()
  expect(await ended).toEqual({ code: 0, signal: null })
})

test('what was logged last is there when a process ends at once', async () => {
  const { child, ended, go } = logger(`for (let i = 0; i < 1000; i++) log.info({ i }, 'one of many'); process.exit(3)`)
  const lines = text(child.stdout)
  go()
  expect(await ended).toEqual({ code: 3, signal: null })
  expect((await lines).trimEnd().split('\n').at(-1)).toContain('"i":999')
})

test('a reader of the log who stands still holds up no work, and fills no memory', async () => {
  const { child, go } = logger(`
    const line = 'x'.repeat(10_000)
    for (let i = 0; i < 20_000; i++) {
      log.info(line)
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    process.stderr.write('done ' + process.memoryUsage().rss)`)
  go()
  const [said] = await once(child.stderr.setEncoding('utf8'), 'data')
  expect(said).toMatch(/^done \d+$/)
  expect(Number(said.slice('done '.length))).toBeLessThan(200e6) // that much was logged
})

test('a log for which there is no room on the disk ends nobody', async () => {
  const full = openSync('/dev/full', 'w')
  onTestFinished(() => closeSync(full))
  const { child, ended, go } = logger(
    `for (let i = 0; i < 100; i++) {
       log.info({ i }, 'one of many')
       await new Promise((resolve) => setTimeout(resolve, 1))
     }
     process.stderr.write('done', () => process.exit(0))`,
    full,
  )
  const said = text(child.stderr)
  go()
  expect(await ended).toEqual({ code: 0, signal: null })
  expect(await said).toBe('done')
})
