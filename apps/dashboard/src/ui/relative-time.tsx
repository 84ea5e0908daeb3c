import { useSyncExternalStore } from 'react'
import { now } from '../format/clock.ts'
import { formatAbsolute, formatRelative } from '../format/times.ts'

/** `12 sec. ago`, going on as time does; the absolute time on hover and for screen readers. */
export function RelativeTime({ at }: { readonly at: string | number }) {
  const text = useSyncExternalStore(everySecond, () => formatRelative(at, now()))
  return (
    <time dateTime={typeof at === 'string' ? at : new Date(at).toISOString()} title={formatAbsolute(at)}>
      {text}
    </time>
  )
}

const TICK_MS = 1000
const listeners = new Set<() => void>()
let ticking: ReturnType<typeof setInterval> | undefined

/** One clock for all times on the page; only those that read otherwise render. */
function everySecond(listener: () => void): () => void {
  listeners.add(listener)
  ticking ??= setInterval(() => {
    for (const one of listeners) one()
  }, TICK_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(ticking)
    ticking = undefined
  }
}
