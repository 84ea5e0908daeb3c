import { totalOf } from '../cpu.ts'
import { quantileOf, type Spread, spreadOf } from '../statistics.ts'
import { number, oneDecimal, ratio, tableOf, withRange } from '../tables.ts'
import type { BulkResult } from './bulk.ts'
import type { ComparisonResult } from './comparison.ts'
import type { DashboardsResult } from './dashboards.ts'
import type { Layout } from './deployment.ts'
import { ratioTo } from './floors.ts'
import type { RefreshesSample } from './refresh.ts'
import type { StoredResult } from './stored.ts'

export function comparisonTable({ title, layouts }: ComparisonResult): string {
  const head = [title, 'users/s', 'api', 'worker', 'Redis', 'CPU µs per user', 'users/s', 'CPU', 'connections']
  const table = tableOf(head)
  for (const { layout, connections, samples } of layouts) {
    const first = layouts[0]?.samples
    const cpuOf = (role: 'api' | 'worker' | 'redis') => number(medianOf(samples, ({ cpu }) => cpu[role]))
    table.push([
      nameOf(layout),
      withRange(spreadOf(samples.map(({ usersPerSecond }) => usersPerSecond)), number),
      cpuOf('api'),
      cpuOf('worker'),
      cpuOf('redis'),
      withRange(spreadOf(samples.map(({ cpu }) => totalOf(cpu))), number),
      withRange(
        ratioTo(first, samples, ({ usersPerSecond }) => usersPerSecond),
        ratio,
      ),
      withRange(
        ratioTo(first, samples, ({ cpu }) => totalOf(cpu)),
        ratio,
      ),
      `${oneDecimal(connections.api)} + ${oneDecimal(connections.worker)}`,
    ])
  }
  return `${table.toString()}\nMedian (range). To the first row, round by round: users/s, CPU. Connections to Redis of one api + one worker.`
}

export function storedTable(results: readonly StoredResult[]): string {
  const memory = tableOf(['rosters stored', 'JSON', 'Redis', 'of it roster', 'user', 'indexes', 'change log, MB'])
  const speed = tableOf([
    'rosters stored',
    'reads/s',
    'api',
    'Redis',
    'changed/s',
    'CPU',
    'unchanged/s',
    'CPU',
    'search, ms',
  ])
  for (const { size, memory: bytes, reads, searchMs, changed, unchanged } of results) {
    memory.push([
      number(size),
      ...[bytes.json, bytes.redis, bytes.roster, bytes.user, bytes.redis - bytes.roster - bytes.user].map(number),
      number(bytes.changeLog / 1e6),
    ])
    const refreshes = (samples: readonly RefreshesSample[]): string[] => [
      withRange(spreadOf(samples.map(({ usersPerSecond }) => usersPerSecond)), number),
      number(medianOf(samples, ({ cpu }) => totalOf(cpu))),
    ]
    speed.push([
      number(size),
      withRange(spreadOf(reads.map(({ requestsPerSecond }) => requestsPerSecond)), number),
      oneDecimal(medianOf(reads, ({ cpu }) => cpu.api)),
      oneDecimal(medianOf(reads, ({ cpu }) => cpu.redis)),
      ...refreshes(changed),
      ...refreshes(unchanged),
      `${oneDecimal(quantileOf(searchMs, 0.5))} (${oneDecimal(quantileOf(searchMs, 0.95))})`,
    ])
  }
  return `${memory.toString()}\nBytes per roster.\n${speed.toString()}\nMedian (range); CPU in µs per read or user; of searches, 95 of 100 took less than what is in brackets.`
}

export function bulkTable({ users, usersPerSecond, apiBytes, aloneMs, meanwhileMs }: BulkResult): string {
  const table = tableOf(['refresh of one user, ms', 'how many', 'median', '95 of 100', '99 of 100', 'longest'])
  const row = (name: string, ms: readonly number[]) =>
    table.push([name, number(ms.length), ...[0.5, 0.95, 0.99, 1].map((part) => oneDecimal(quantileOf(ms, part)))])
  row('alone', aloneMs)
  row(`while ${number(users)} are refreshed`, meanwhileMs)
  return `${table.toString()}\nThose ${number(users)}: ${number(usersPerSecond)} users/s; the api took ${number(apiBytes / 1e6)} MB at most.`
}

export function dashboardsTable(results: readonly DashboardsResult[]): string {
  const table = tableOf(['dashboards open', 'api, % of a core', 'commands of Redis a second', 'bytes a second to each'])
  for (const { open, samples } of results)
    table.push([
      number(open),
      withRange(spreadOf(samples.map(({ apiMs }) => apiMs / 10)), oneDecimal),
      withRange(spreadOf(samples.map(({ redisCommands }) => redisCommands)), oneDecimal),
      withRange(spreadOf(samples.map(({ bytes }) => bytes)), number),
    ])
  return `${table.toString()}\nMedian (range), while nothing happens. Commands of all processes, those of scripts too.`
}

const nameOf = ({ apis, workers, shards }: Layout): string =>
  [several(apis, 'api'), several(workers, 'worker'), several(shards, 'shard')].join(', ')

const several = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

const medianOf = <T>(samples: readonly T[], value: (sample: T) => number): Spread['median'] =>
  spreadOf(samples.map(value)).median
