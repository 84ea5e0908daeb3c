import type { OpsHistory, OpsRange } from '@rollcall/roster'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { type ComponentProps, memo } from 'react'
import { historyQuery } from '../../data/history.ts'
import { formatBytes } from '../../format/bytes.ts'
import { formatDuration } from '../../format/durations.ts'
import { formatCount, formatRate } from '../../format/numbers.ts'
import { Card } from '../../ui/card.tsx'
import { Segments } from '../../ui/segments.tsx'
import { ErrorState, Loading } from '../../ui/states.tsx'
import { MAX_SERIES, type Series, TimeChart } from '../../ui/time-chart.tsx'
import styles from './overview-view.module.css'

const route = getRouteApi('/')

const RANGES: readonly { readonly range: OpsRange; readonly label: string }[] = [
  { range: '1h', label: '1 h' },
  { range: '6h', label: '6 h' },
  { range: '24h', label: '24 h' },
  { range: '7d', label: '7 d' },
]

/** How it was. The pointer on one chart shows the same moment in all. It does not render with every snapshot. */
export const ChartsSection = memo(function ChartsSection() {
  const { range = '1h' } = route.useSearch()
  const { data, error, refetch } = useQuery(historyQuery(range))
  return (
    <>
      <div className={styles.chartsHead}>
        <h2>History</h2>
        <Segments
          label="How far back"
          segments={RANGES.map((one) => ({
            label: one.label,
            isChosen: one.range === range,
            link: { to: '/', search: { range: one.range } },
          }))}
        />
      </div>
      {data ? (
        <Charts history={data} />
      ) : (
        <Card>
          {error ? (
            <ErrorState title="The history cannot be read" error={error} onRetry={() => void refetch()} />
          ) : (
            <Loading what="the history" />
          )}
        </Card>
      )}
    </>
  )
})

const Charts = ({ history }: { readonly history: OpsHistory }) => (
  <div className={styles.charts}>
    {CHARTS.map(({ series, ...chart }) => (
      <TimeChart key={chart.title} {...chart} at={history.at} series={series(history)} />
    ))}
  </div>
)

const UNCOUNTED = 'Nothing was counted in this time.'
const UNMEASURED = 'Nothing was measured in this time.'

const CHARTS: readonly (Omit<ComponentProps<typeof TimeChart>, 'at' | 'series'> & {
  readonly series: (history: OpsHistory) => readonly Series[]
})[] = [
  {
    title: 'Users settled',
    series: ({ users, changed, failed }) => [
      { name: 'all', values: users },
      { name: 'changed', values: changed },
      { name: 'failed', values: failed },
    ],
    format: formatRate,
    empty: UNCOUNTED,
  },
  {
    title: 'Notice to settled',
    series: ({ latency }) => [
      { name: 'p50', values: latency.p50Ms },
      { name: 'p95', values: latency.p95Ms },
      { name: 'p99', values: latency.p99Ms },
    ],
    format: formatDuration,
    lines: 'whole',
    empty: 'No user has settled in this time.',
  },
  {
    title: 'Errors by code',
    series: ({ errors }) => largest(errors),
    format: formatRate,
    empty: 'No user has failed in this time.',
  },
  {
    title: 'Oldest wait',
    series: ({ oldestOpenMs }) => [{ name: 'oldest', values: oldestOpenMs }],
    format: formatDuration,
    lines: 'whole',
    empty: UNMEASURED,
  },
  {
    title: 'Users waiting',
    series: ({ openUsers }) => [{ name: 'waiting', values: openUsers }],
    format: formatCount,
    lines: 'whole',
    empty: UNMEASURED,
  },
  {
    title: 'Refreshes',
    series: ({ refreshes }) => [{ name: 'asked for', values: refreshes }],
    format: formatRate,
    empty: UNCOUNTED,
  },
  {
    title: 'Rosters read',
    series: ({ reads }) => [{ name: 'by servers and others', values: reads }],
    format: formatRate,
    empty: UNCOUNTED,
  },
  {
    title: 'Fetches of backends, p95',
    series: ({ fetchP95Ms }) => largest(fetchP95Ms),
    format: formatDuration,
    lines: 'whole',
    empty: 'No backend was asked in this time.',
  },
  {
    title: 'How far targets are behind',
    series: ({ targetLagMs }) => largest(targetLagMs),
    format: formatDuration,
    lines: 'whole',
    empty: 'No target was told anything in this time.',
  },
  {
    title: 'Memory of Redis',
    series: ({ redisMemoryBytes }) => [{ name: 'used', values: redisMemoryBytes }],
    format: formatBytes,
    lines: 'binary',
    empty: UNMEASURED,
  },
]

/** Those with the largest values, as many as have a colour, in the order of their names: colours stay with names. */
function largest(lines: Readonly<Record<string, readonly (number | null)[]>>): Series[] {
  const peak = (values: readonly (number | null)[]) =>
    values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)
  return Object.entries(lines)
    .toSorted(([, a], [, b]) => peak(b) - peak(a))
    .slice(0, MAX_SERIES)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([name, values]) => ({ name, values }))
}
