import type { Dispatcher } from 'undici'
import { TargetError } from './target.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  /** With its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Received {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  /** Why the body is not whole, and empty here. */
  readonly cutOff?: Error
}

/**
 * One request and its answer. A status is an answer, whatever becomes of the body; without one it rejects, with the error
 * of the connection or with what the signal ended it by. Whatever ends it early closes its connection. A call that still
 * waits for a connection ends by its signal too, which `request()` of undici does not.
 */
export function exchange(
  dispatcher: Dispatcher,
  origin: string,
  request: HttpRequest,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Received> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined
    let ended = false
    let status = 0
    let headers: Received['headers'] = {}
    let bytes = 0
    let chunks: Buffer[] = []

    function end(error?: Error): void {
      if (ended) return
      ended = true
      signal.removeEventListener('abort', expire)
      if (error === undefined) return resolve({ status, headers, body: Buffer.concat(chunks) })
      chunks = []
      controller?.abort(error)
      if (status === 0) reject(error)
      else resolve({ status, headers, body: Buffer.alloc(0), cutOff: error })
    }

    function expire(): void {
      const answer = status > 0 ? 'the rest of the answer' : 'an answer'
      end(endedBy(signal, controller ? `${answer} of ${origin}` : `a connection to ${origin}`))
    }

    if (signal.aborted) return expire()
    signal.addEventListener('abort', expire)
    dispatcher.dispatch(request, {
      onRequestStart(started) {
        // Thrown and not aborted: that leaves the unused connection in the pool.
        if (ended) throw new Error('ended before it was sent')
        controller = started
      },
      onResponseStart(_, code, received) {
        if (code < 200) return
        status = code
        headers = received
      },
      onResponseData(_, chunk) {
        bytes += chunk.length
        if (bytes > maxBytes) end(tooLarge(maxBytes))
        else if (!ended) chunks.push(chunk)
      },
      onResponseEnd: () => end(),
      onResponseError: (_, error) => end(error),
    })
  })
}

/** The time of an attempt is up when the reason is a TimeoutError; anything else is an end of our own. */
function endedBy({ reason }: AbortSignal, waitingFor: string): Error {
  if (!(reason instanceof Error)) return new Error('ended', { cause: reason })
  if (reason.name !== 'TimeoutError') return reason
  return new TargetError('target-timeout', `The time was up while waiting for ${waitingFor}`, { cause: reason })
}

const tooLarge = (maxBytes: number): TargetError =>
  new TargetError('target-answer-invalid', `The answer is longer than ${maxBytes} bytes`)
