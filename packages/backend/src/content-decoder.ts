import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib'
import { BodyEncodingError } from './transfer-errors.ts'

/** The encodings `contentDecoder` knows, as a value of `Accept-Encoding`. */
export const ACCEPT_ENCODING = 'gzip, br, deflate'

export type ContentDecoder = ReturnType<typeof createGunzip | typeof createBrotliDecompress>

/**
 * The codings of a `Content-Encoding` but for `identity`, which is none. A list (RFC 9110, 8.4), and an array when the
 * header came more than once. Undefined: there is nothing to decode.
 */
export function contentEncoding(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const codings = String(header)
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
  return codings.length > 0 ? codings.join(',') : undefined
}

/** A decompressing stream for what `contentEncoding` gives; `first` is the first chunk of the body. Throws BodyEncodingError. */
export function contentDecoder(encoding: string, first: Uint8Array): ContentDecoder {
  if (encoding.includes(',')) throw new BodyEncodingError('a body with more than one Content-Encoding')
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip()
    case 'br':
      return createBrotliDecompress()
    case 'deflate':
      // Means zlib (RFC 9110, 8.4.1.2), but some servers send the bare DEFLATE stream: a zlib header has method 8.
      return ((first[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw()
    default:
      throw new BodyEncodingError('a Content-Encoding that was not asked for')
  }
}
