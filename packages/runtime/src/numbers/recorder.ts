import type { ProcessRole } from '@rollcall/roster'
import { type CounterKey, type GaugeKey, type HistogramKey, METRICS, type MetricKey } from './metrics.ts'
import { BUCKETS, bucketField, bucketOf } from './time-buckets.ts'

/** A number that grows: add to `n`, which is all that counting costs. */
export interface Count {
  n: number
}

/** Times, counted in buckets. */
export interface Times {
  record(ms: number): void
}

/** A count as it is now, and what it is called in the history; undefined: it is not kept there. */
export interface Kept {
  readonly field: string
  readonly count: Count
}

/** One series of a metric. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface TimesSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly counts: readonly Count[]
  readonly sumMs: number
}

export type Recorder = ReturnType<typeof recorder>

/**
 * The numbers of one process: counted here, read when Prometheus asks and when the history is written. Whoever counts gets
 * a count of its own, once, and adds to it: a job has a hundred microseconds, a read twenty.
 */
export function recorder(role: ProcessRole) {
  const counters = new Map<CounterKey, { readonly labels: Readonly<Record<string, string>>; readonly count: Count }[]>()
  const histograms = new Map<
    HistogramKey,
    { labels: Readonly<Record<string, string>>; counts: Count[]; sumMs: number }[]
  >()
  const readings = new Map<GaugeKey | CounterKey, () => Iterable<Series>>()
  const kept: Kept[] = []

  const keep = (field: string | undefined, count: Count): void => {
    if (field !== undefined) kept.push({ field, count })
  }

  return {
    role,

    /** A count of a metric; `field` is its name in the history. Several may share a field: they are added up. */
    counter(key: CounterKey, labels: Readonly<Record<string, string>> = {}, field?: string): Count {
      insist(key, role, labels)
      const count: Count = { n: 0 }
      counters.set(key, [...(counters.get(key) ?? []), { labels, count }])
      keep(field, count)
      return count
    },

    /** Times of a metric; in the history there is a field for each bucket. */
    times(key: HistogramKey, labels: Readonly<Record<string, string>> = {}, field?: string): Times {
      insist(key, role, labels)
      const counts = Array.from({ length: BUCKETS }, (): Count => ({ n: 0 }))
      const series = { labels, counts, sumMs: 0 }
      histograms.set(key, [...(histograms.get(key) ?? []), series])
      if (field !== undefined) for (const [i, count] of counts.entries()) keep(bucketField(field, i), count)
      return {
        record(ms) {
          ;(counts[bucketOf(ms)] as Count).n++
          series.sumMs += ms
        },
      }
    },

    /** What is kept elsewhere, as it is when it is asked for. */
    reading(key: GaugeKey | CounterKey, read: () => Iterable<Series>): void {
      insist(key, role, null)
      readings.set(key, read)
    },

    /** All series there are now, for Prometheus. */
    series: (key: GaugeKey | CounterKey): Series[] => [
      ...(counters.get(key as CounterKey) ?? []).map(({ labels, count }) => ({ labels, value: count.n })),
      ...(readings.get(key)?.() ?? []),
    ],
    histograms: (key: HistogramKey): readonly TimesSeries[] => histograms.get(key) ?? [],

    /** What the history is to have. */
    kept: (): readonly Kept[] => kept,
  }
}

/** A mistake of ours, seen at start: the list of metrics is what others rely on. */
function insist(key: MetricKey, role: ProcessRole, labels: Readonly<Record<string, string>> | null): void {
  const spec = METRICS[key]
  if (!(spec.of as readonly ProcessRole[]).includes(role)) throw new Error(`${spec.name} is no metric of the ${role}`)
  if (labels && Object.keys(labels).toSorted().join() !== spec.labels.toSorted().join())
    throw new Error(`${spec.name} has the labels ${spec.labels.join(', ')}, and not ${Object.keys(labels).join(', ')}`)
}
