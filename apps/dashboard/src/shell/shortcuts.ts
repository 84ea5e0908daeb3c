import { useRouter } from '@tanstack/react-router'
import { useEffect, useEffectEvent } from 'react'
import { VIEWS } from '../views.ts'

interface Shortcuts {
  readonly onFind: () => void
  readonly onHelp: () => void
}

/** After `g`, the key of a view counts for so long. */
const SECOND_KEY_WITHIN_MS = 1_500

/** `/` finds, `?` helps, `g` and the key of a view goes there. Not while one writes, and not in a dialog. */
export function useShortcuts({ onFind, onHelp }: Shortcuts): void {
  const router = useRouter()
  const onKey = useEffectEvent((event: KeyboardEvent, afterG: boolean) => {
    const view = afterG && VIEWS.find(({ key }) => key === event.key)
    if (view) void router.navigate({ to: view.to })
    else if (event.key === '/') onFind()
    else if (event.key === '?') onHelp()
    else return
    event.preventDefault()
  })

  useEffect(() => {
    let pressedG = Number.NEGATIVE_INFINITY
    const listener = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target) || isInDialog()) return
      onKey(event, event.timeStamp - pressedG < SECOND_KEY_WITHIN_MS)
      pressedG = event.key === 'g' ? event.timeStamp : Number.NEGATIVE_INFINITY
    }
    document.addEventListener('keydown', listener)
    return () => document.removeEventListener('keydown', listener)
  }, [])
}

const isWriting = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input, select, textarea, [contenteditable]') !== null

const isInDialog = (): boolean => document.querySelector('[data-modal]') !== null
