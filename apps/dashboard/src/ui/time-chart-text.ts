import type { Series } from './time-chart.tsx'

const MAX_ROWS = 60

/** Which of so many points a table shows: at most 60, evenly spread, the newest first and always there. */
export function tableRows(points: number): number[] {
  const every = Math.max(1, Math.ceil(points / MAX_ROWS))
  const rows: number[] = []
  for (let index = points - 1; index >= 0; index -= every) rows.push(index)
  return rows
}

/** What a chart shows, for who does not see it: `p95: 180 ms at the end, from 120 ms to 1.2 s.` */
export function summaryOf(series: readonly Series[], format: (value: number) => string): string {
  return series.map((one) => sentenceOf(one, format)).join(' ')
}

function sentenceOf({ name, values }: Series, format: (value: number) => string): string {
  const measured = values.filter((value) => value !== null)
  const last = measured.at(-1)
  if (last === undefined) return `${name}: nothing was measured.`
  const least = measured.reduce((a, b) => Math.min(a, b))
  const most = measured.reduce((a, b) => Math.max(a, b))
  return `${name}: ${format(last)} at the end, from ${format(least)} to ${format(most)}.`
}
