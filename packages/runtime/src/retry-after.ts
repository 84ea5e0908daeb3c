/**
 * `Retry-After` (RFC 9110, 10.2.3: seconds, or an HTTP-date in one of its three forms) as a pause in ms, at most `maxMs`.
 * At least a second, also for `0` or a date in the past: a pause costs no attempt, so nothing else would slow it down.
 * Undefined: none, or not one.
 */
export function retryAfterMs(value: string | undefined, nowMs: number, maxMs: number): number | undefined {
  const wanted = value === undefined ? Number.NaN : /^\d+$/.test(value) ? Number(value) * 1000 : httpDate(value) - nowMs
  return Number.isNaN(wanted) ? undefined : Math.min(Math.max(wanted, MIN_PAUSE_MS), maxMs)
}

const MIN_PAUSE_MS = 1_000

/** ms since the epoch, or NaN. `Date.parse` alone takes nearly anything with a number in it for a date. */
const httpDate = (value: string): number =>
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [\w: -]+$/.test(value)
    ? Date.parse(value.endsWith(' GMT') ? value : `${value} GMT`)
    : Number.NaN
