import { useEffect, useRef, useState } from 'react'

/** As long nothing is asked for after a key: who types a name wants to see what the whole of it finds. */
const REST_MS = 150

export interface Typed {
  readonly text: string
  type(next: string): void
  /** Asks at once, as Enter does. */
  finish(): void
}

/** What is being typed, and stands in the address (`value`) a moment later. */
export function useTyped(value: string, onRest: (value: string) => void, restMs = REST_MS): Typed {
  const [typed, setTyped] = useState(value)
  const told = useRef(value)
  const rest = useRef<ReturnType<typeof setTimeout>>(undefined)

  // The address is another by a link, or by going back: that counts.
  useEffect(() => {
    if (value === told.current) return
    told.current = value
    clearTimeout(rest.current)
    setTyped(value)
  }, [value])
  useEffect(() => () => clearTimeout(rest.current), [])

  const tell = (next: string): void => {
    clearTimeout(rest.current)
    told.current = next
    onRest(next)
  }
  return {
    text: typed,
    type(next) {
      setTyped(next)
      clearTimeout(rest.current)
      rest.current = setTimeout(() => tell(next.trim()), restMs)
    },
    finish: () => tell(typed.trim()),
  }
}
