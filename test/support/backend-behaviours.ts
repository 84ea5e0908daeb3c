import type { ServerResponse } from 'node:http'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'

/** What the backend does with one request. A number is a status with an empty body. */
export type Behaviour =
  | number
  /** The user's roster as it stood when the request came, whatever else happens before it is sent. */
  | { readonly kind: 'good'; readonly delayMs?: number; readonly encoding?: 'gzip' | 'br' | 'deflate' }
  | { readonly kind: 'raw'; readonly status?: number; readonly headers?: Headers; readonly body?: string | Uint8Array }
  /** Nothing until `until` resolves, then `next` (else good). `backend.hold()` makes one that the test releases. */
  | { readonly kind: 'hold'; readonly until: Promise<void>; readonly next?: Behaviour }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  /** The good answer, byte by byte. */
  | { readonly kind: 'drip'; readonly everyMs: number }
  /** A TCP reset instead of an answer; or in the middle of a good one. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'reset-mid-body' }
  /** A 200 with an empty roster and spaces up to that size; announced: with a Content-Length, else chunked. */
  | { readonly kind: 'big'; readonly bytes: number; readonly announced: boolean }
  /** A 200 that never ends. */
  | { readonly kind: 'endless'; readonly status?: number }
  /** That many MiB of spaces, as gzip of a thousandth of the size. */
  | { readonly kind: 'gzip-bomb'; readonly mebibytes: number }

export type Headers = Readonly<Record<string, string>>

export interface GoodAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Buffer
}

export async function behave(behaviour: Behaviour, good: GoodAnswer, response: ServerResponse): Promise<void> {
  if (typeof behaviour === 'number') return answer(response, behaviour, {}, '')
  switch (behaviour.kind) {
    case 'good':
      if (behaviour.delayMs) await delay(behaviour.delayMs, response)
      return answerGood(response, good, behaviour.encoding)
    case 'raw':
      return answer(response, behaviour.status ?? 200, behaviour.headers ?? {}, behaviour.body ?? '')
    case 'hold':
      await behaviour.until
      return behave(behaviour.next ?? { kind: 'good' }, good, response)
    case 'hang':
      return
    case 'drip':
      return drip(response, good, behaviour.everyMs)
    case 'reset':
      response.socket?.resetAndDestroy()
      return
    case 'reset-mid-body':
      response.writeHead(200, { ...good.headers, 'content-length': good.body.length })
      response.write(good.body.subarray(0, good.body.length / 2), () => response.socket?.resetAndDestroy())
      return
    case 'big':
      response.writeHead(200, behaviour.announced ? { 'content-length': behaviour.bytes } : {})
      return pour(response, SPACES, behaviour.bytes, '{}')
    case 'endless':
      response.writeHead(behaviour.status ?? 200)
      return pour(response, SPACES, Number.POSITIVE_INFINITY)
    case 'gzip-bomb':
      response.writeHead(200, { 'content-encoding': 'gzip' })
      return pour(response, GZIPPED_MEBIBYTE, behaviour.mebibytes * GZIPPED_MEBIBYTE.length)
  }
}

function answer(response: ServerResponse, status: number, headers: Headers, body: string | Uint8Array): void {
  response.writeHead(status, headers)
  response.end(body)
}

const ENCODE = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync }

function answerGood(
  response: ServerResponse,
  { status, headers, body }: GoodAnswer,
  encoding?: keyof typeof ENCODE,
): void {
  if (encoding === undefined || status !== 200) {
    answer(response, status, headers, body)
    return
  }
  const encoded = ENCODE[encoding](body)
  const length = String(encoded.length)
  answer(response, status, { ...headers, 'content-encoding': encoding, 'content-length': length }, encoded)
}

function drip(response: ServerResponse, { headers, body }: GoodAnswer, everyMs: number): void {
  response.writeHead(200, headers)
  let sent = 0
  const timer = setInterval(() => {
    response.write(body.subarray(sent, sent + 1))
    sent += 1
    if (sent < body.length) return
    clearInterval(timer)
    response.end()
  }, everyMs)
  response.once('close', () => clearInterval(timer))
}

/** `first`, and then `chunk` again and again up to that many bytes in all, as fast as the other side reads. */
function pour(response: ServerResponse, chunk: Buffer, bytes: number, first = ''): void {
  let left = bytes - first.length
  response.write(first)
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      const part = left < chunk.length ? chunk.subarray(0, left) : chunk
      left -= part.length
      if (!response.write(part)) {
        response.once('drain', more)
        return
      }
    }
    response.end()
  }
  more()
}

const SPACES = Buffer.alloc(64 * 1024, ' ')
/** Members of gzip can follow one another. */
const GZIPPED_MEBIBYTE = gzipSync(Buffer.alloc(1024 * 1024, ' '))

/** Or until the caller has gone. */
function delay(ms: number, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    response.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
