import Table from 'cli-table3'
import { totalOf } from './cpu.ts'
import { cpuRatio, type Floor, speedRatio } from './floors.ts'
import { READERS, type ReadRound } from './reads.ts'
import { perUser, type RefreshResult, titleOf } from './refreshes.ts'
import { type Spread, spreadOf } from './statistics.ts'

export function refreshTable(results: readonly RefreshResult[]): string {
  const table = tableOf(['refresh', '', 'users/s', 'api', 'worker', 'Redis', 'CPU µs per user', 'users/s', 'CPU'])
  for (const result of results) {
    for (const name of ['plain', 'rollcall'] as const) {
      const samples = result.pairs.map((pair) => pair[name])
      const cpus = samples.map((sample) => perUser(sample, result.users))
      const median = (role: 'api' | 'worker' | 'redis') => number(spreadOf(cpus.map((cpu) => cpu[role])).median)
      table.push([
        name === 'plain' ? titleOf(result) : '',
        name,
        withRange(spreadOf(samples.map(({ seconds }) => result.users / seconds)), number),
        median('api'),
        median('worker'),
        median('redis'),
        withRange(spreadOf(cpus.map(totalOf)), number),
        name === 'plain' ? '' : withRange(speedRatio(result), ratio),
        name === 'plain' ? '' : withRange(cpuRatio(result), ratio),
      ])
    }
  }
  return `${table.toString()}\nMedian (range). The last two columns: rollcall to plain, pair by pair.`
}

export function readTable(rounds: readonly ReadRound[], bodyBytes: number): string {
  const table = tableOf([`reads, ${bodyBytes} bytes`, 'requests/s', 'server', 'Redis', 'CPU µs per request'])
  for (const name of READERS) {
    const samples = rounds.map((round) => round[name])
    table.push([
      name,
      withRange(spreadOf(samples.map((sample) => sample.requestsPerSecond)), number),
      oneDecimal(spreadOf(samples.map(({ cpu }) => cpu.reader)).median),
      oneDecimal(spreadOf(samples.map(({ cpu }) => cpu.redis)).median),
      withRange(spreadOf(samples.map(({ cpu }) => cpu.reader + cpu.redis)), oneDecimal),
    ])
  }
  return table.toString()
}

export function floorTable(floors: readonly Floor[]): string {
  const table = tableOf(['', 'floor', 'measured', 'met'])
  for (const { what, bound, measured, met } of floors) {
    const text = 'atMost' in bound ? `≤ ${ratio(bound.atMost)}` : `≥ ${ratio(bound.atLeast)}`
    table.push([what, text, withRange(measured, ratio), met ? 'yes' : 'NO'])
  }
  return table.toString()
}

export const tableOf = (head: string[]) =>
  new Table({
    head,
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true, 'padding-left': 1, 'padding-right': 1 },
  })

export const withRange = ({ median, min, max }: Spread, write: (value: number) => string): string =>
  `${write(median)} (${write(min)}–${write(max)})`

export const number = (value: number): string => Math.round(value).toLocaleString('en')
export const oneDecimal = (value: number): string => value.toFixed(1)
export const ratio = (value: number): string => value.toFixed(2)
