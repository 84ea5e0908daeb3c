import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { METRICS, type MetricSpec } from './metrics.ts'

const PAGE = new URL('../../../../docs/metrics.md', import.meta.url)

/** A row of the table of docs/metrics.md. */
const rowOf = ({ name, type, of, labels, help }: MetricSpec): string[] => [
  `\`${name}\``,
  type,
  of.join(', '),
  labels.map((label) => `\`${label}\``).join(', '),
  help,
]

test('docs/metrics.md lists every metric, as it is', () => {
  const rows = readFileSync(PAGE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `rollcall_'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  expect(rows).toEqual(Object.values(METRICS).map(rowOf))
})
