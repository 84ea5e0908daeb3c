import { now } from '../format/clock.ts'
import { formatAbsolute, formatClock } from '../format/times.ts'

/** What the api says in words; the times in it as people write them, in their time zone, with the day on hover. */
export const Sentence = ({ text }: { readonly text: string }) =>
  partsOf(text).map(({ start, part }) =>
    ISO_TIME.test(part) ? (
      <time key={start} dateTime={part} title={formatAbsolute(part)}>
        {isRecent(part) ? formatClock(part) : formatAbsolute(part)}
      </time>
    ) : (
      part
    ),
  )

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/
const AROUND_TIMES = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/

function partsOf(text: string) {
  let start = 0
  return text.split(AROUND_TIMES).map((part) => {
    const at = start
    start += part.length
    return { start: at, part }
  })
}

const HALF_A_DAY_MS = 12 * 3_600_000
const isRecent = (at: string): boolean => Math.abs(now() - Date.parse(at)) < HALF_A_DAY_MS
