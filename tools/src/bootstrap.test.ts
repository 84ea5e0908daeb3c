import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startChild } from './child.ts'
import { isAlive } from './process-identity.ts'
import { repositoryRoot } from './repository.ts'

const bootstrap = join(repositoryRoot, 'tools/bootstrap.mjs')

// Neither listens to any signal, as npm does not while it undoes an install.
const STUBBORN = `
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
  setInterval(() => {}, 1000)
  console.log('pid', process.pid)`
const INSTALLER = `
  require('node:child_process').spawn(process.execPath, ['--eval', ${JSON.stringify(STUBBORN)}], { stdio: 'inherit' })
  ${STUBBORN}`

test('Ctrl-C while packages are installed ends npm and all below it within 5 s', async () => {
  const pids: number[] = []
  const start = await startChild({
    name: 'start',
    command: process.execPath,
    args: [
      '--input-type=module',
      '--eval',
      `import { run } from ${JSON.stringify(bootstrap)}
       await run(process.execPath, ['--eval', ${JSON.stringify(INSTALLER)}], { ownGroup: true })`,
    ],
    onLine: (line) => pids.push(...[...line.matchAll(/^pid (\d+)/g)].map(([, pid]) => Number(pid))),
  })
  await expect.poll(() => pids, { timeout: 10_000 }).toHaveLength(2)
  const asked = performance.now()
  start.kill('SIGINT')
  expect(await start.exited).toEqual({ code: 130, signal: null })
  expect(performance.now() - asked).toBeLessThan(5_000)
  await expect.poll(() => pids.filter(isAlive), { timeout: 1_000 }).toEqual([])
})
