import { collectDefaultMetrics, type Metric, type MetricValue, Registry } from 'prom-client'
import { type CounterKey, type GaugeKey, type HistogramKey, METRICS, type MetricKey } from './metrics.ts'
import type { Recorder, TimesSeries } from './recorder.ts'
import { BOUNDS_MS } from './time-buckets.ts'

export interface Exposition {
  /** The text that Prometheus reads. */
  text(): Promise<string>
  readonly contentType: string
}

/**
 * What a process measured, and what Node says of itself, in the text format of Prometheus. The numbers are kept by the
 * recorder: prom-client's own cost several times as much to add to, and say 0 of what is not known.
 */
export function expose(recorder: Recorder, version: string): Exposition {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  recorder.reading('info', () => [{ labels: { role: recorder.role, version }, value: 1 }])
  for (const key of Object.keys(METRICS) as MetricKey[]) {
    const { name, help, type, of } = METRICS[key]
    if (!of.includes(recorder.role)) continue
    const get = async () => ({ name, help, type, values: valuesOf(key, recorder) })
    registry.registerMetric({ name, help, get, reset: () => {} } as unknown as Metric) // all that a registry asks of one
  }
  return { text: () => registry.metrics(), contentType: registry.contentType }
}

interface Value extends MetricValue<string> {
  readonly metricName?: string
}

function valuesOf(key: MetricKey, recorder: Recorder): readonly Value[] {
  const { name, type } = METRICS[key]
  if (type !== 'histogram') return recorder.series(key as CounterKey | GaugeKey)
  return recorder.histograms(key as HistogramKey).flatMap((series) => bucketsOf(name, series))
}

function bucketsOf(name: string, { labels, counts, sumMs }: TimesSeries): Value[] {
  let sum = 0
  const buckets = counts.map(({ n }, i) => {
    sum += n
    const bound = BOUNDS_MS[i]
    const le = bound === undefined ? '+Inf' : String(bound / 1000)
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: sum }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sumMs / 1000 },
    { metricName: `${name}_count`, labels, value: sum },
  ]
}
