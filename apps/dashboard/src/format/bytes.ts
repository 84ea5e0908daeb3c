const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })

/** `512 B`, `1.5 KiB`, `12.3 MiB`: by 1,024, as Redis counts. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${(value >= 100 ? whole : digits).format(value)} ${UNITS[unit]}`
}
