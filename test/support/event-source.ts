import { onTestFinished } from 'vitest'

export interface ServerSentEvent {
  readonly event: string
  readonly data: string
  readonly id?: string
}

export interface Listener {
  readonly events: readonly ServerSentEvent[]
  /** Resolves with all events when they are as expected. Rejects when the stream ends before. */
  until(isEnough: (events: readonly ServerSentEvent[]) => boolean): Promise<readonly ServerSentEvent[]>
  readonly ended: Promise<void>
  stop(): void
}

/** Listens to server-sent events until the test ends. */
export async function listenTo(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Listener> {
  const ending = new AbortController()
  const stop = (): void => ending.abort()
  onTestFinished(stop)
  const response = await fetch(url, { headers, signal: ending.signal })
  if (!response.ok || !response.body) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  const events: ServerSentEvent[] = []
  const wakers = new Set<() => void>()
  let hasEnded = false
  const wake = (): void => {
    for (const waker of wakers) waker()
  }

  const ended = (async () => {
    let rest = ''
    try {
      for await (const part of response.body ?? []) {
        const blocks = (rest + new TextDecoder().decode(part)).split('\n\n')
        rest = blocks.pop() ?? ''
        for (const block of blocks) {
          const event = parse(block)
          if (event) events.push(event)
        }
        wake()
      }
    } catch {
      // it was stopped, or the connection broke
    }
    hasEnded = true
    wake()
  })()

  return {
    events,
    ended,
    stop,
    until: (isEnough) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const enough = isEnough(events)
          if (!enough && !hasEnded) return
          wakers.delete(look)
          if (enough) resolve(events)
          else reject(new Error(`The stream ended after ${events.length} events`))
        }
        wakers.add(look)
        look()
      }),
  }
}

/** Null: a comment, or what only the browser needs. */
function parse(block: string): ServerSentEvent | null {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  )
  const event = fields.get('event')
  const id = fields.get('id')
  return event === undefined ? null : { event, data: fields.get('data') ?? '', ...(id !== undefined && { id }) }
}
