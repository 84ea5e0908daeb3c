import { parseArgs } from 'node:util'
import { BREAKS, type Break, isBreak } from './break/breaks.ts'
import { FAULTS, type Fault } from './faults/index.ts'

const indented = (lines: readonly (readonly [string, string])[]): string =>
  lines.map(([name, about]) => `    ${name.padEnd(20)}${about}`).join('\n')

export const HELP = `npm run chaos: injects faults into a running Rollcall, and compares every answer with the truth

  Starts Redis, a backend, two apis and two workers on free ports of 127.0.0.1, asks for refreshes and reads rosters all
  the time, kills, stops and cuts off one part after the other, and looks whether anything that was promised did not
  hold: an answer that was not true, a roster that went back, a refresh that was lost. Everything is ended again.
  docs/reliability.md says what is promised.

  npm run chaos                        ten minutes
  npm run chaos -- --minutes 2         shorter; but every fault is injected once, which takes about four minutes
  npm run chaos -- --faults kill-worker,kill-redis
                                       only these
  npm run chaos -- --seed 7            the schedule of that run again (a seed is printed with every result)
  npm run chaos -- --quick             faults and timeouts a quarter as long: about a minute for all
  npm run chaos -- --users 1000        that many users; 10,000 by default
  npm run chaos -- --patience 3        on a machine that has other work to do: all may take three times as long
  npm run chaos -- --break fence       with one guarantee taken out on purpose: there must be violations then

  Faults:
${indented(FAULTS.map(({ name, about }) => [name, about]))}

  What can be broken:
${indented(Object.entries(BREAKS).map(([name, { about }]) => [name, about]))}

Exit code 0: no violations; 1: there were some (or none with --break), or a fault was injected and nobody saw it.
`

export type Options = { readonly kind: 'help' } | RunOptions

export interface RunOptions {
  readonly kind: 'run'
  readonly seed: number
  readonly minutes: number
  readonly faults: readonly Fault[]
  readonly users: number
  readonly quick: boolean
  /** How much longer than on a machine at rest everything may take. */
  readonly patience: number
  readonly break?: Break
}

/** Throws with a message for people. */
export function parseOptions(args: readonly string[], anySeed: () => number): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      faults: { type: 'string' },
      users: { type: 'string' },
      patience: { type: 'string' },
      quick: { type: 'boolean', default: false },
      break: { type: 'string' },
    },
  })
  if (values.help) return { kind: 'help' }
  const { quick, break: broken } = values
  if (broken !== undefined && !isBreak(broken))
    throw new Error(`--break takes one of ${Object.keys(BREAKS).join(', ')}; ${broken} is none of them`)
  return {
    kind: 'run',
    quick,
    seed: values.seed === undefined ? anySeed() : whole('--seed', values.seed, 0),
    minutes: values.minutes === undefined ? (quick ? 1 : 10) : positive('--minutes', values.minutes),
    users: values.users === undefined ? (quick ? 2000 : 10_000) : whole('--users', values.users, 10),
    patience: values.patience === undefined ? 1 : positive('--patience', values.patience),
    faults: values.faults === undefined ? FAULTS : values.faults.split(',').map(faultNamed),
    ...(broken !== undefined && { break: broken }),
  }
}

export function faultNamed(name: string): Fault {
  const fault = FAULTS.find((one) => one.name === name.trim())
  if (fault) return fault
  throw new Error(`There is no fault "${name}"; there are: ${FAULTS.map((one) => one.name).join(', ')}`)
}

function whole(option: string, text: string, least: number): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least)
    throw new Error(`${option} takes a whole number from ${least} on, not "${text}"`)
  return Number(text)
}

function positive(option: string, text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text) || Number(text) <= 0)
    throw new Error(`${option} takes a number above 0, not "${text}"`)
  return Number(text)
}
