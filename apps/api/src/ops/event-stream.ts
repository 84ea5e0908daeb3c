import { type Operator, type OpsCall, OpsError } from './route.ts'

/** Events of a stream that is open to somebody's browser (WHATWG HTML, 9.2 Server-sent events). */
export interface EventStream {
  /** A reader for whom too much lies ready is cut off: the browser connects again, and knows that it missed something. */
  send(event: Buffer): void
  /** What was sent before has not all left: whoever sends states leaves one out then. */
  isBehind(): boolean
  /** Calls back once, when the reader has gone or the stream was ended. */
  onEnd(listener: () => void): void
}

export interface EventStreams {
  /** Answers a call with events from now on. Throws OpsError (503) when too many streams are open. */
  open(call: Pick<OpsCall, 'operator' | 'whoAsksNow' | 'request' | 'response'>): EventStream
  /**
   * Ends those whose readers may no longer look, or may look at something else: they connect again, and are told. Looks at
   * all of them, or only at those of whom it is not known: they have just been opened, or Redis was away at the last look.
   */
  lookAgain(which: 'all' | 'unsure'): Promise<void>
  size(): number
  /** Ends them all, and each that is opened later: the api stops. */
  close(): void
}

export interface EventStreamsOptions {
  /** Streams at a time. */
  readonly most?: number
  /** Of them, of whoever has one name: nobody is to keep the others out. */
  readonly mostOfOne?: number
  /** Bytes that lie ready for one reader. */
  readonly maxBufferedBytes?: number
  /** A stream is ended then, and the browser connects again: for what no look tells of, such as a proxy that would refuse it now. */
  readonly longestMs?: number
  /** A reader who has not taken by then what was sent before the end is cut off. */
  readonly endWithinMs?: number
}

const MOST = 500
const MOST_OF_ONE = 250
const MAX_BUFFERED_BYTES = 1024 * 1024
const LONGEST_MS = 300_000
const END_WITHIN_MS = 5_000
/** Proxies and browsers take a connection for dead on which nothing comes. */
const COMFORT_EVERY_MS = 15_000
/** After which a browser connects again. */
const RETRY_MS = 2_000

/** One event as it goes over the wire; `data` is JSON without line breaks. The same bytes serve all readers. */
export const eventOf = (event: string, data: string, id?: string): Buffer =>
  Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`)

const OPENING = Buffer.from(`retry: ${RETRY_MS}\n\n`)
const COMFORT = Buffer.from(':\n\n')

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no', // nginx passes each event on at once
} as const

/** Every stream of events of this api. */
export function eventStreams({
  most = MOST,
  mostOfOne = MOST_OF_ONE,
  maxBufferedBytes = MAX_BUFFERED_BYTES,
  longestMs = LONGEST_MS,
  endWithinMs = END_WITHIN_MS,
}: EventStreamsOptions = {}): EventStreams {
  const streams = new Map<EventStream, Reader>()
  const unsure = new Set<EventStream>()
  let closed = false
  let comforting: NodeJS.Timeout | undefined

  function open({ operator, whoAsksNow, request, response }: Parameters<EventStreams['open']>[0]): EventStream {
    if (streams.size >= most)
      throw new OpsError(503, `${streams.size} dashboards listen to this api already: close some, or start another api`)
    if ([...streams.values()].filter(({ name }) => name === operator.name).length >= mostOfOne)
      throw new OpsError(503, `${mostOfOne} dashboards of "${operator.name}" listen to this api already: close some`)
    const listeners = new Set<() => void>()
    const stream: EventStream = {
      send(event) {
        if (response.writableEnded || response.destroyed) return
        if (response.writableLength > maxBufferedBytes) return void response.destroy()
        response.write(event)
      },
      isBehind: () => response.writableNeedDrain,
      onEnd: (listener) => void listeners.add(listener),
    }
    const end = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => response.destroy(), endWithinMs)
      response.end()
    }
    let timer = setTimeout(end, lifetime(operator.expiresAt, longestMs))
    const leave = (): void => {
      clearTimeout(timer)
      streams.delete(stream)
      unsure.delete(stream)
      if (streams.size === 0) clearInterval(comforting)
      for (const listener of listeners) listener()
    }
    // A reader who has gone while it was looked who it is does not say so again.
    if (response.destroyed) process.nextTick(leave)
    else response.once('close', leave)
    if (streams.size === 0) comforting = setInterval(() => sendAll(COMFORT), COMFORT_EVERY_MS)
    streams.set(stream, { name: operator.name, end, maySee: () => maySee(operator, whoAsksNow) })
    unsure.add(stream) // who it is was asked before the answer began
    response.writeHead(200, HEADERS)
    response.write(OPENING)
    if (closed || request.method === 'HEAD') end()
    return stream
  }

  const sendAll = (event: Buffer): void => {
    for (const stream of streams.keys()) stream.send(event)
  }

  return {
    open,
    async lookAgain(which) {
      if (which === 'all') for (const stream of streams.keys()) unsure.add(stream)
      const asked = [...unsure]
      unsure.clear() // what changes while they are asked is asked again
      await Promise.all(
        asked.map(async (stream) => {
          const reader = streams.get(stream)
          const isSo = await reader?.maySee()
          if (isSo === false) reader?.end()
          else if (isSo === undefined && streams.has(stream)) unsure.add(stream)
        }),
      )
    },
    size: () => streams.size,
    close() {
      closed = true
      for (const { end } of streams.values()) end()
    },
  }
}

interface Reader {
  readonly name: string
  end(): void
  /** Whether the reader may see what is sent to him still; undefined: nobody can say now. */
  maySee(): Promise<boolean | undefined>
}

async function maySee(before: Operator, whoAsksNow: OpsCall['whoAsksNow']): Promise<boolean | undefined> {
  try {
    const now = await whoAsksNow()
    return sightOf(now) === sightOf(before)
  } catch (error) {
    return error instanceof OpsError && error.status !== 503 ? false : undefined
  }
}

const sightOf = ({ name, rights, domains }: Operator): string => JSON.stringify([name, rights, domains])

const lifetime = (expiresAt: string | undefined, longestMs: number): number =>
  expiresAt === undefined ? longestMs : Math.min(longestMs, Math.max(0, Date.parse(expiresAt) - Date.now()))
