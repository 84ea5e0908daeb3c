const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** What is this far from now is `now`: clocks of api and browser differ, and nobody reads faster. */
const NOW_MS = 1500

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' })
const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' })
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

/** `now`, `12 sec. ago`, `in 3 min.`; both as ISO 8601 or in ms since 1970. */
export function formatRelative(at: string | number, now: number): string {
  const ms = toMs(at) - now
  const distance = Math.abs(ms)
  if (distance < NOW_MS) return 'now'
  if (distance < MINUTE - SECOND / 2) return relative.format(Math.round(ms / SECOND), 'second')
  if (distance < MINUTE) return relative.format(Math.sign(ms), 'minute')
  if (distance < HOUR) return relative.format(Math.trunc(ms / MINUTE), 'minute')
  if (distance < 2 * DAY) return relative.format(Math.trunc(ms / HOUR), 'hour')
  return relative.format(Math.trunc(ms / DAY), 'day')
}

/** `25 Nov 2026, 20:37:18 UTC`, in the time zone of whoever looks. */
export const formatAbsolute = (at: string | number): string => absolute.format(toMs(at))

/** `20:37:18`, of something of today. */
export const formatClock = (at: string | number): string => clock.format(toMs(at))

const toMs = (at: string | number): number => (typeof at === 'number' ? at : Date.parse(at))
