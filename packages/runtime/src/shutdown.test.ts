import { expect, test } from 'vitest'
import { createLog } from './log/index.ts'
import { type ShutdownStep, shutDown } from './shutdown.ts'

function shutdown() {
  const lines: string[] = []
  const done: string[] = []
  const log = createLog({ level: 'info', name: 'test', destination: { write: (line) => void lines.push(line) } })
  const step = (name: string, run: ShutdownStep['run'] = () => {}): ShutdownStep => ({
    name,
    run: async () => {
      await run()
      done.push(name)
    },
  })
  const told = () => lines.map((line) => JSON.parse(line) as { msg: string; step?: string })
  return { log, step, done, told }
}

test('steps are done in order, each after the one before has ended', async () => {
  const { log, step, done, told } = shutdown()
  let release = () => {}
  const first = step('first', () => new Promise<void>((resolve) => (release = resolve)))
  const ending = shutDown([first, step('second'), { name: 'third', run: () => done.push('third') }], 60_000, log)
  await Promise.resolve()
  expect(done).toEqual([])
  release()
  expect(await ending).toBe(true)
  expect(done).toEqual(['first', 'second', 'third'])
  expect(told()).toEqual([])
})

test('a step that fails is told of and keeps nobody from ending', async () => {
  const { log, step, done, told } = shutdown()
  const rejects = step('rejects', () => Promise.reject(new Error('no')))
  const throws: ShutdownStep = {
    name: 'throws',
    run: () => {
      throw new Error('no')
    },
  }
  expect(await shutDown([rejects, throws, step('last')], 60_000, log)).toBe(true)
  expect(done).toEqual(['last'])
  expect(told().map(({ step: name }) => name)).toEqual(['rejects', 'throws'])
})

test('a step that never ends is left behind at the deadline, and named', async () => {
  const { log, step, done, told } = shutdown()
  const never = step('finish the jobs that run', () => new Promise(() => {}))
  expect(await shutDown([step('first'), never, step('last')], 20, log)).toBe(false)
  expect(done).toEqual(['first'])
  expect(told()).toMatchObject([{ step: 'finish the jobs that run', deadlineMs: 20 }])
})

test('nothing to do is done at once', async () => {
  expect(await shutDown([], 0, shutdown().log)).toBe(true)
})
