import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import { type Live, type LiveStore, liveStore } from './live-store.ts'
import { sessionQuery } from './session.ts'

const LiveContext = createContext<LiveStore | undefined>(undefined)

/** Around everything that is shown to whoever is logged in: one link to the api, open while it is there. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const [store] = useState(() =>
    liveStore({ onLost: () => void client.invalidateQueries({ queryKey: sessionQuery.queryKey }) }),
  )
  useEffect(() => store.subscribe(() => {}), [store])
  return <LiveContext value={store}>{children}</LiveContext>
}

/**
 * Some part of what is live: `useLive(({ snapshot }) => snapshot?.queues)`. Renders when that part has changed and not else,
 * so a selector picks what is there and makes nothing new.
 */
export function useLive<Part>(select: (live: Live) => Part): Part {
  const store = useContext(LiveContext)
  if (store === undefined) throw new Error('useLive stands outside of LiveProvider')
  return useSyncExternalStore(store.subscribe, () => select(store.get()))
}
