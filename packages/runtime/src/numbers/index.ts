export { type Exposition, expose } from './expose.ts'
export {
  bucketsIn,
  byDomain,
  HISTORY,
  type History,
  history,
  MOST_DOMAINS_IN_HISTORY,
  RESOLUTIONS,
  type Resolution,
  type Step,
  sumIn,
} from './history.ts'
export { joinExpositions } from './join-expositions.ts'
export { type LookedBack, lookBack } from './look-back.ts'
export { METRICS, type MetricSpec } from './metrics.ts'
export { type Count, type Recorder, recorder, type Series, type Times } from './recorder.ts'
export { BOUNDS_MS, BUCKETS, bucketField, bucketOf, percentile } from './time-buckets.ts'
export { startWritingHistory } from './write-history.ts'
