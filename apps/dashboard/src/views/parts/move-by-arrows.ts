import type { KeyboardEvent } from 'react'

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 }

/** On what is around a field and a list: up and down go from the field to the list's first links, and on from one to the next. */
export function moveByArrows(event: KeyboardEvent<HTMLElement>): void {
  const step = STEPS[event.key]
  if (step === undefined || event.target instanceof HTMLSelectElement) return
  const stops = [
    ...event.currentTarget.querySelectorAll<HTMLElement>('input[type="search"], [role="row"] a:first-of-type'),
  ]
  const at = stops.indexOf(document.activeElement as HTMLElement)
  const next = stops[at + step]
  if (at === -1 || next === undefined) return
  event.preventDefault()
  next.focus()
}
