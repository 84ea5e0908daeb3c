import { quantileOf, spreadOf } from '../statistics.ts'
import { number, oneDecimal, ratio, tableOf, withRange } from '../tables.ts'
import { setsRatio } from './floors.ts'
import type { IdleResult } from './idle.ts'
import type { LatencyResult } from './latency.ts'
import type { SetsSample, ThroughputResult } from './throughput.ts'

export function throughputTable(results: readonly ThroughputResult[]): string {
  const head = ['one contact more', '', 'sets/s', 'ratio', 'server', 'gateway', 'api + worker', 'Redis']
  const table = tableOf(head)
  for (const result of results) {
    const { server, users, online, atATime, pairs } = result
    const row = (samples: readonly SetsSample[]) => {
      const medianOf = (value: (sample: SetsSample) => number | undefined): string => {
        const values = samples.flatMap((sample) => value(sample) ?? [])
        return values.length === 0 ? '' : number(spreadOf(values).median)
      }
      return {
        sets: withRange(spreadOf(samples.map(({ setsPerSecond }) => setsPerSecond)), number),
        cpu: [
          medianOf((sample) => sample.server),
          medianOf(({ cpu }) => cpu?.gateway),
          medianOf(({ cpu }) => cpu?.others),
          medianOf(({ cpu }) => cpu?.redis),
        ],
      }
    }
    const [direct, rollcall] = [row(pairs.map((pair) => pair.direct)), row(pairs.map((pair) => pair.rollcall))]
    const title = `${server}, ${number(users)} users, ${online} online`
    table.push([title, `its own API, ${atATime} at a time`, direct.sets, '', ...direct.cpu])
    table.push(['', 'one notice', rollcall.sets, withRange(setsRatio(result), ratio), ...rollcall.cpu])
  }
  return `${table.toString()}\nMedian (range); ratio to its own API, round by round. CPU in µs per set.`
}

export function latencyTable(results: readonly LatencyResult[]): string {
  const table = tableOf(['ms from the notice', 'how many', 'median', '95 of 100', 'longest'])
  for (const { server, answeredMs, pushedMs } of results) {
    const row = (name: string, ms: readonly number[]) =>
      table.push([name, number(ms.length), ...[0.5, 0.95, 1].map((part) => oneDecimal(quantileOf(ms, part)))])
    row(`${server}: to its answer`, answeredMs)
    row(`${server}: to both pushes`, pushedMs)
  }
  return table.toString()
}

export function idleTable(results: readonly IdleResult[]): string {
  const table = tableOf(['a gateway at rest', 'CPU ms/s', 'Redis CPU ms/s', 'commands/s'])
  for (const { shards, targets, gatewayMs, redisMs, commandsPerSecond } of results) {
    const title = `${targets} targets, ${shards} ${shards === 1 ? 'shard' : 'shards'}`
    table.push([title, oneDecimal(gatewayMs), oneDecimal(redisMs), number(commandsPerSecond)])
  }
  return `${table.toString()}\nCommands of scripts are counted too.`
}
