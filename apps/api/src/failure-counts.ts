import type { Failure, FailureCode, OpsRefresh } from '@rollcall/roster'

/** How many failed for one reason, and one of them. */
export type FailureCount = OpsRefresh['failuresByCode'][number]

/** Counts a failure, or `count` like it. */
export function countFailure(counts: Map<FailureCode, FailureCount>, failure: Failure, count = 1): void {
  const { code, username, message } = failure
  const counted = counts.get(code)
  if (counted) counts.set(code, { ...counted, count: counted.count + count })
  else counts.set(code, { code, count, example: { username, message } })
}

export function failureCounts(failures: readonly Failure[]): FailureCount[] {
  const counts = new Map<FailureCode, FailureCount>()
  for (const failure of failures) countFailure(counts, failure)
  return [...counts.values()]
}

/** Several together, the most frequent first. */
export function sumOfFailures(...lists: readonly (readonly FailureCount[])[]): FailureCount[] {
  const counts = new Map<FailureCode, FailureCount>()
  for (const { code, count, example } of lists.flat()) countFailure(counts, { code, ...example }, count)
  return [...counts.values()].sort((a, b) => b.count - a.count)
}
