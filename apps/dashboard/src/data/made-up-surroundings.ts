import type { Source, Surroundings } from './event-link.ts'

interface MadeUpSource extends Source {
  readonly url: string
  emit(type: string, data?: string, lastEventId?: string): void
}

/** For tests: a browser's tab and its EventSources, moved by hand. */
export function madeUpSurroundings() {
  const sources: MadeUpSource[] = []
  const open = new Set<Source>()
  const watchers = new Set<() => void>()
  let hidden = false

  const surroundings: Surroundings = {
    connect(url) {
      const listeners = new Map<string, Parameters<Source['addEventListener']>[1]>()
      const source: MadeUpSource = {
        url,
        addEventListener: (type, listener) => void listeners.set(type, listener),
        close: () => void open.delete(source),
        emit: (type, data, lastEventId = '') => listeners.get(type)?.(data === undefined ? {} : { data, lastEventId }),
      }
      sources.push(source)
      open.add(source)
      return source
    },
    isHidden: () => hidden,
    onVisibilityChange(listener) {
      watchers.add(listener)
      return () => void watchers.delete(listener)
    },
  }

  return {
    ...surroundings,
    /** The one that was opened last. */
    last(): MadeUpSource {
      const source = sources.at(-1)
      if (source === undefined) throw new Error('No EventSource has been opened')
      return source
    },
    opened: () => sources.length,
    openNow: () => open.size,
    setHidden(next: boolean) {
      hidden = next
      for (const listener of watchers) listener()
    },
  }
}
