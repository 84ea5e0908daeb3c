// Everything is English, as the texts of the dashboard are: one and the same on every screen and in every screenshot.
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })
const oneDigit = new Intl.NumberFormat('en', { minimumFractionDigits: 0, maximumFractionDigits: 1 })
const twoDigits = new Intl.NumberFormat('en', { maximumFractionDigits: 2 })

/** `1,234`. */
export const formatCount = (count: number): string => whole.format(count)

/** `1.23M`: where there is no room, with the exact count beside it. */
export const formatShort = (count: number): string => (count < 10_000 ? whole.format(count) : short.format(count))

/** `0.05/s`, `12.3/s`, `1,234/s`. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 100) return `${whole.format(perSecond)}/s`
  return `${(perSecond < 1 ? twoDigits : oneDigit).format(perSecond)}/s`
}

/** Of 0 to 1: `12.3 %`. What is there never shows as none, and what is missing never as all. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.001) return '< 0.1 %'
  if (share < 1 && share > 0.999) return '> 99.9 %'
  return `${oneDigit.format(share * 100)} %`
}

/** `1 user`, `1,234 users`. */
export const formatCountOf = (count: number, one: string, many = `${one}s`): string =>
  `${whole.format(count)} ${count === 1 ? one : many}`
