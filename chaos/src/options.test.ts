import { expect, test } from 'vitest'
import { FAULTS } from './faults/index.ts'
import { HELP, parseOptions } from './options.ts'

const parse = (...args: string[]) => parseOptions(args, () => 42)

test('ten minutes of everything by default', () => {
  expect(parse()).toMatchObject({ kind: 'run', seed: 42, minutes: 10, users: 10_000, quick: false, faults: FAULTS })
})

test('what is given is taken', () => {
  expect(parse('--seed', '7', '--minutes', '0.5', '--faults', 'kill-redis,stop-api', '--break', 'fence')).toMatchObject(
    {
      seed: 7,
      minutes: 0.5,
      faults: [{ name: 'kill-redis' }, { name: 'stop-api' }],
      break: 'fence',
    },
  )
})

test.each([
  [['--seed', 'x'], '--seed takes a whole number'],
  [['--minutes', '0'], '--minutes takes a number above 0'],
  [['--patience', '-1'], '--patience'],
  [['--users', '3'], '--users takes a whole number from 10 on'],
  [['--faults', 'kill-everything'], 'There is no fault "kill-everything"; there are: kill-worker, '],
  [['--break', 'toString'], '--break takes one of fence, generation, outcome, epoch, sweep'],
])('%s is refused', (args, message) => {
  expect(() => parse(...args)).toThrow(message)
})

test('the help names every fault', () => {
  for (const { name } of FAULTS) expect(HELP).toContain(name)
  expect(parse('--help')).toEqual({ kind: 'help' })
})
