/** From 10 ms to 100 s, where people look: of ten bounds for each power of ten, each is 1.28 times the last at most. */
const FINE = [10, 100, 1_000, 10_000].flatMap((decade) =>
  [1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8].map((step) => step * decade),
)

/** Upper bounds of the buckets that times are counted in, in ms, one scale for all: from 1 ms to 10 minutes, each at most 1.6 times the last. */
export const BOUNDS_MS: readonly number[] = [1, 1.6, 2.5, 4, 6.3, ...FINE, 100_000, 160_000, 250_000, 400_000, 600_000]

/** How many buckets there are: the last one is for what took longer than all bounds. */
export const BUCKETS = BOUNDS_MS.length + 1

/** The field of the history that has a bucket of times: named by its bound, so that no version takes it for one of another scale. */
export function bucketField(times: string, bucket: number): string {
  const bound = BOUNDS_MS[bucket]
  return `${times}:${bound === undefined ? 'more' : `${bound}ms`}`
}

/** In which bucket a time counts. */
export function bucketOf(ms: number): number {
  let low = 0
  let high = BOUNDS_MS.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ms <= (BOUNDS_MS[middle] as number)) high = middle
    else low = middle + 1
  }
  return low
}

/** So many of all took at most that long, in ms; within a bucket they are taken to be spread evenly. Null: nothing was counted. */
export function percentile(counts: ArrayLike<number>, share: number): number | null {
  let total = 0
  for (let i = 0; i < counts.length; i++) total += counts[i] ?? 0
  if (total === 0) return null
  const rank = Math.max(1, share * total)
  let before = 0
  for (let i = 0; i < counts.length; i++) {
    const here = counts[i] ?? 0
    if (here > 0 && before + here >= rank) return within(i, (rank - before) / here)
    before += here
  }
  return within(BUCKETS - 1, 1)
}

function within(bucket: number, share: number): number {
  const lower = BOUNDS_MS[bucket - 1] ?? 0
  const upper = BOUNDS_MS[bucket] ?? lower // of what took longer than all, no more is known
  return lower + (upper - lower) * share
}
