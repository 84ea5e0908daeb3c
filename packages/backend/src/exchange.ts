import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios'
import type { Dispatcher } from 'undici'
import { type ContentDecoder, contentDecoder, contentEncoding } from './content-decoder.ts'
import type { RequestHeaders } from './request-headers.ts'
import { BodyEncodingError, BodyTooLargeError, BrokenOffError, DeadlineError } from './transfer-errors.ts'

type IncomingHeaders = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2]

/** What is read of the body of a status other than 200, to keep the connection: an error page, not a download. */
const DRAINED_BYTES = 64 * 1024

/**
 * One request and its answer, as undici's handler. Ends once; whatever ends it early (deadline, limit)
 * destroys the connection, since the rest of the body would have to be read before it could be used again.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #dispatcher: Dispatcher
  readonly #wasReused: (error: Error) => boolean
  readonly #config: InternalAxiosRequestConfig
  readonly #resolve: (response: AxiosResponse<Buffer>) => void
  readonly #reject: (error: unknown) => void
  readonly #request: Dispatcher.DispatchOptions
  readonly #maxBytes: number

  #ended = false
  #secondTry = false
  #answered = false
  #timer: NodeJS.Timeout | undefined
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: IncomingHeaders = {}
  #encoding: string | undefined
  #decoder: ContentDecoder | undefined
  #chunks: Buffer[] = []
  #received = 0
  #decoded = 0

  constructor(
    dispatcher: Dispatcher,
    wasReused: (error: Error) => boolean,
    headers: RequestHeaders,
    config: InternalAxiosRequestConfig,
    resolve: (response: AxiosResponse<Buffer>) => void,
    reject: (error: unknown) => void,
  ) {
    this.#dispatcher = dispatcher
    this.#wasReused = wasReused
    this.#config = config
    this.#resolve = resolve
    this.#reject = reject
    this.#maxBytes = config.maxContentLength ?? Number.POSITIVE_INFINITY
    // Cut and not parsed: what stands in the path arrives as it stands.
    const url = config.url ?? ''
    const pathStart = url.indexOf('/', url.indexOf('://') + 3)
    this.#request = {
      origin: url.slice(0, pathStart),
      path: url.slice(pathStart),
      method: 'GET',
      headers: { ...headers, ...config.headers } as Headers,
    }
  }

  start(): void {
    const { timeout } = this.#config
    if (timeout) this.#timer = setTimeout(expire, timeout, this)
    this.#dispatcher.dispatch(this.#request, this)
  }

  /** The deadline has come. */
  expire(): void {
    const waitingFor = this.#status > 0 ? 'body' : this.#controller ? 'headers' : 'connection'
    this.#endEarly(new DeadlineError(this.#config.timeout ?? 0, waitingFor))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Ended while it waited for a connection. Thrown and not aborted: that leaves the unused connection in the pool.
    if (this.#ended) throw new Error('ended before it was sent')
    this.#controller = controller
  }

  /** The first bytes of an answer have come, whatever they are. */
  onResponseStarted(): void {
    this.#answered = true
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHeaders): void {
    if (status < 200) return
    this.#status = status
    this.#headers = headers
    this.#encoding = contentEncoding(headers['content-encoding'])
    this.#checkSize(Number(headers['content-length'] ?? 0), status === 200 ? this.#maxBytes : DRAINED_BYTES)
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#received += chunk.length
    this.#checkSize(this.#received, this.#status === 200 ? this.#maxBytes : DRAINED_BYTES)
    if (this.#ended || this.#status !== 200) return
    if (this.#encoding === undefined) this.#chunks.push(chunk)
    else this.#decode(this.#encoding, chunk)
  }

  onResponseEnd(): void {
    if (this.#decoder) this.#decoder.end()
    else this.#finish()
  }

  /** undici also brings here whatever the methods above throw. */
  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#ended) return
    if (!this.#answered && !this.#secondTry && this.#wasReused(error)) {
      this.#secondTry = true
      this.#controller = undefined
      // Not from within undici's own clearing up after the socket.
      queueMicrotask(() => {
        if (!this.#ended) this.#dispatcher.dispatch(this.#request, this)
      })
      return
    }
    this.#endEarly(this.#status > 0 ? brokenOff(error) : error)
  }

  /** As it comes: what the decoder has not read yet is within the limit too. */
  #decode(encoding: string, chunk: Buffer): void {
    this.#decoder ??= this.#startDecoder(contentDecoder(encoding, chunk))
    this.#decoder.write(chunk)
  }

  #startDecoder(decoder: ContentDecoder): ContentDecoder {
    return decoder
      .on('data', (chunk: Buffer) => {
        this.#decoded += chunk.length
        this.#chunks.push(chunk)
        this.#checkSize(this.#decoded, this.#maxBytes)
      })
      .on('end', () => this.#finish())
      .on('error', ({ code }: NodeJS.ErrnoException) =>
        this.#endEarly(new BodyEncodingError(`a body that is not valid ${this.#encoding} (${code})`)),
      )
  }

  #checkSize(bytes: number, maxBytes: number): void {
    if (bytes > maxBytes) this.#endEarly(new BodyTooLargeError(maxBytes))
  }

  #finish(): void {
    if (this.#ended) return
    try {
      const body = whole(this.#chunks)
      this.#end()
      this.#respond(body)
    } catch (error) {
      // There may be no memory for it. Thrown from an event of the decoder, that would end the process.
      this.#endEarly(brokenOff(error))
    }
  }

  #endEarly(error: unknown): void {
    if (!this.#end()) return
    this.#decoder?.destroy()
    this.#chunks = []
    this.#controller?.abort(error instanceof Error ? error : new Error('aborted'))
    // Any other status than 200 is an answer by itself: its body, whole or not, changes nothing.
    if (this.#status > 0 && this.#status !== 200) this.#respond(Buffer.alloc(0))
    else this.#reject(error)
  }

  #end(): boolean {
    if (this.#ended) return false
    this.#ended = true
    clearTimeout(this.#timer)
    return true
  }

  #respond(data: Buffer): void {
    const { etag, 'retry-after': retryAfter } = this.#headers
    const headers: Headers = {}
    if (typeof etag === 'string') headers.etag = etag
    if (typeof retryAfter === 'string') headers['retry-after'] = retryAfter
    this.#resolve({ data, status: this.#status, statusText: '', headers, config: this.#config })
  }
}

type Headers = Record<string, string>

function whole(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks
  return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks)
}

const brokenOff = (error: unknown): unknown =>
  error instanceof BodyEncodingError ? error : new BrokenOffError('the body is not whole', { cause: error })

const expire = (exchange: Exchange): void => exchange.expire()
