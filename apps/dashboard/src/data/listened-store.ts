/** A state that changes by parts, as React's useSyncExternalStore reads it. */
export interface ListenedStore<State> {
  get(): State
  change(part: Partial<State>): void
  /** What keeps the state runs as long as somebody listens. Returns how to stop. */
  subscribe(listener: () => void): () => void
}

/** `start` begins what keeps the state, and returns how to end it. */
export function listenedStore<State extends object>(first: State, start: () => () => void): ListenedStore<State> {
  const listeners = new Set<() => void>()
  let state = first
  let stop: (() => void) | undefined
  return {
    get: () => state,
    change(part) {
      state = { ...state, ...part }
      for (const listener of listeners) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      stop ??= start()
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        stop?.()
        stop = undefined
      }
    },
  }
}
