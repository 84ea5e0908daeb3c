/** What is needed of the browser's EventSource. */
export interface Source {
  addEventListener(
    type: string,
    listener: (event: { readonly data?: string; readonly lastEventId?: string }) => void,
  ): void
  close(): void
}

/** The browser, or a test's own. */
export interface Surroundings {
  connect(url: string): Source
  isHidden(): boolean
  /** Returns how to stop. */
  onVisibilityChange(listener: () => void): () => void
}

/** `waiting`: nobody looks at the tab, so it is closed. `lost`: an attempt to open it has failed, and others follow. */
export type LinkState = 'connecting' | 'open' | 'lost' | 'waiting'

export interface EventLinkOptions {
  readonly url: string
  /** By the names of events: with their data, parsed. */
  readonly on: Readonly<Record<string, (data: unknown) => void>>
  onState(state: LinkState): void
  /** Each time that it opens. `goesOn`: the api was told with which event the link before ended; else what was said meanwhile has not been heard. */
  readonly onOpen?: (goesOn: boolean) => void
  readonly surroundings?: Surroundings
}

const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 10_000

/**
 * Server-sent events for as long as somebody looks: closed while the tab is hidden, opened again when it is shown, and when
 * it breaks, with back-off. EventSource would try again by itself, but not after an answer that is no stream (a proxy's 502,
 * our own 503), and all tabs of all people at the same moment.
 */
export function eventLink({ url, on, onState, onOpen, surroundings = browser }: EventLinkOptions) {
  let source: Source | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let state: LinkState | undefined
  /** Id of the last event that had one: a new EventSource sends no Last-Event-ID. */
  let lastId = ''

  const tell = (next: LinkState): void => {
    if (state === next) return
    state = next
    onState(next)
  }

  function open(): void {
    const after = lastId
    const opened = surroundings.connect(after === '' ? url : goingOnFrom(after, url))
    source = opened
    opened.addEventListener('open', () => {
      failures = 0
      tell('open')
      onOpen?.(after !== '')
    })
    opened.addEventListener('error', () => {
      opened.close()
      if (source === opened) openAgain()
    })
    for (const [name, listener] of Object.entries(on))
      opened.addEventListener(name, ({ data, lastEventId }) => {
        if (source !== opened || data === undefined) return
        listener(JSON.parse(data))
        if (lastEventId) lastId = lastEventId
      })
  }

  /** The api ends each stream now and then: that alone is no loss. */
  function openAgain(): void {
    source = undefined
    if (failures > 0) tell('lost')
    const longest = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures)
    failures += 1
    retry = setTimeout(open, longest * (0.5 + Math.random() / 2))
  }

  function close(): void {
    clearTimeout(retry)
    source?.close()
    source = undefined
  }

  function look(): void {
    close()
    if (surroundings.isHidden()) return tell('waiting')
    failures = 0
    tell('connecting')
    open()
  }

  const stopLooking = surroundings.onVisibilityChange(look)
  look()
  return {
    close() {
      stopLooking()
      close()
    },
  }
}

const goingOnFrom = (id: string, url: string): string =>
  `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams({ after: id })}`

const browser: Surroundings = {
  connect: (url) => new EventSource(url) as Source,
  isHidden: () => document.hidden,
  onVisibilityChange(listener) {
    document.addEventListener('visibilitychange', listener)
    return () => document.removeEventListener('visibilitychange', listener)
  },
}
