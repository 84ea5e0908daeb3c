import { type FocusEvent, type RefObject, useLayoutEffect, useRef } from 'react'

/**
 * Rows come and go by themselves. When the one goes in which the focus is, be it in a dialog that it opened, the one that
 * comes in its place gets it: whoever uses keys goes on from there. Returns what a row is given, by its index.
 */
export function useFocusInRows(body: RefObject<HTMLElement | null>) {
  const focused = useRef<{ readonly element: Element; readonly index: number }>(undefined)

  // After each render: React says nothing of a focus that it takes away.
  useLayoutEffect(() => {
    const at = focused.current
    if (at === undefined || at.element.isConnected || document.activeElement !== document.body) return
    const rows = [...(body.current?.querySelectorAll<HTMLElement>('[data-index]') ?? [])]
    const next = rows.find((row) => Number(row.dataset.index) >= at.index) ?? rows.at(-1)
    const place = next?.querySelector<HTMLElement>('a, button') ?? document.querySelector<HTMLElement>('main')
    focused.current = undefined
    place?.focus({ preventScroll: true })
  })

  return (index: number) => ({
    onFocus: ({ target }: FocusEvent) => {
      focused.current = { element: target, index }
    },
    onBlur: () => {
      focused.current = undefined
    },
  })
}
