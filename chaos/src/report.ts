import Table from 'cli-table3'
import { type FaultResult, inSeconds, type Result, unseen } from './result.ts'
import { VIOLATION_KINDS, type Violation } from './violations.ts'

const LISTED = 20

/** For people: the table, the totals, and what went wrong. */
export function report(result: Result): string {
  const { seed, seconds, answers, usersTold, violations } = result
  const total = `${number(answers)} answers checked, which told of ${number(usersTold)} users, in ${seconds.toFixed(0)} s; seed ${seed}`
  const lines = [faultTable(result), total]
  for (const fault of result.leftOut) lines.push(`Left out: ${fault}`)
  const silent = unseen(result)
  if (silent.length > 0) lines.push(`No answer was given during: ${silent.join(', ')}`)
  lines.push(violations.length === 0 ? 'No violations' : `${number(violations.length)} VIOLATIONS`)
  for (const violation of violations.slice(0, LISTED)) lines.push(describe(violation, result))
  if (violations.length > LISTED) lines.push(`  … and ${number(violations.length - LISTED)} more`)
  return lines.join('\n')
}

function faultTable({ faults, violations }: Result): string {
  const table = new Table({
    head: ['fault', 'injected', 'answers', 'answers again', 'all settled', 'violations'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
  })
  for (const name of [...new Set(faults.map(({ fault }) => fault))].sort()) {
    const its = faults.filter(({ fault }) => fault === name)
    table.push([
      name,
      its.length,
      number(its.reduce((sum, { trouble }) => sum + trouble.answers, 0)),
      medianAndMax(its.map(({ answeringMs }) => answeringMs)),
      medianAndMax(its.map(({ settledMs }) => settledMs)),
      number(violations.filter((violation) => its.some((one) => isDuring(violation, one))).length),
    ])
  }
  return `${table.toString()}\nHow long after the fault was over: median (max)`
}

function describe(violation: Violation, { faults }: Result): string {
  const { kind, at, what, user } = violation
  const during = faults.find((one) => isDuring(violation, one))?.what ?? 'no fault'
  const who = user === undefined ? '' : ` user-${user}:`
  return `  ${(at / 1000).toFixed(1)} s, ${during}:${who} ${VIOLATION_KINDS[kind]}\n    ${what}`
}

const isDuring = ({ at }: Violation, { trouble }: FaultResult): boolean => trouble.from <= at && at <= trouble.to

const number = (value: number): string => value.toLocaleString('en')

function medianAndMax(times: readonly (number | null)[]): string {
  const sorted = [...times].sort((a, b) => (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY))
  return `${inSeconds(sorted[Math.floor(sorted.length / 2)] ?? null)} (${inSeconds(sorted.at(-1) ?? null)})`
}
