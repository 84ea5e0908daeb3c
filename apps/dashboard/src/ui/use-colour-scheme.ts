import { useSyncExternalStore } from 'react'

const DARK = '(prefers-color-scheme: dark)'

/** What the system asks for, for what is drawn without CSS. */
export const useColourScheme = (): 'light' | 'dark' => useSyncExternalStore(subscribe, schemeNow)

const schemeNow = () => (matchMedia(DARK).matches ? 'dark' : 'light')

function subscribe(listener: () => void): () => void {
  const query = matchMedia(DARK)
  query.addEventListener('change', listener)
  return () => query.removeEventListener('change', listener)
}
