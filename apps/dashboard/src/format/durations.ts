const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })

/** Of milliseconds: `0 ms`, `850 ms`, `1.25 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1) return ms <= 0 ? '0 ms' : '< 1 ms'
  if (ms < 999.5) return `${digits.format(ms)} ms`
  if (ms < MINUTE - SECOND / 2) return `${digits.format(ms / SECOND)} s`
  if (ms < HOUR - SECOND / 2) return inTwo(ms, MINUTE, 'min', SECOND, 's')
  if (ms < DAY - MINUTE / 2) return inTwo(ms, HOUR, 'h', MINUTE, 'min')
  return inTwo(ms, DAY, 'd', HOUR, 'h')
}

/** Of a percentile that may not have been measured. */
export const formatMeasured = (ms: number | null | undefined): string =>
  ms === null || ms === undefined ? '–' : formatDuration(ms)

function inTwo(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const inSmall = Math.round(ms / small)
  const perLarge = large / small
  const [whole, rest] = [Math.floor(inSmall / perLarge), inSmall % perLarge]
  return rest === 0 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`
}
