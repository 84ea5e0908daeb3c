import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib'
import { BodyEncodingError } from './transfer-errors.ts'

/** The encodings `contentDecoder` knows, as a value of `Accept-Encoding`. */
export const ACCEPT_ENCODING = 'gzip, br, deflate'

export type ContentDecoder = ReturnType<typeof createGunzip | typeof createBrotliDecompress>

/** Whether a body with this `Content-Encoding` has to be decoded at all. */
export const isEncoded = (encoding: string | undefined): encoding is string =>
  encoding !== undefined && encoding !== '' && encoding.toLowerCase() !== 'identity'

/** A decompressing stream for one `Content-Encoding`; `first` is the first chunk of the body. Throws BodyEncodingError. */
export function contentDecoder(encoding: string, first: Uint8Array): ContentDecoder {
  switch (encoding.toLowerCase()) {
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
