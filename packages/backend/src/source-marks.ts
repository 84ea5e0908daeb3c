import { createHash } from 'node:crypto'
import type { Source } from './read-answer.ts'
import type { RequestHeaders } from './request-headers.ts'

/** Grows when the same answer of a backend makes another body than before: what is stored is then compared no more. */
const FORM = 1

/**
 * An ETag means nothing to another backend, but may be one of its own. So what is stored of an answer carries a mark of
 * where it was asked for: URL template and headers.
 */
export function sourceMarks(template: string, headers: RequestHeaders) {
  const asked = JSON.stringify([FORM, template, Object.entries(headers).sort()])
  const mark = `${createHash('sha256').update(asked).digest('base64url').slice(0, 8)} `
  const without = (text: string | undefined) => (text?.startsWith(mark) ? text.slice(mark.length) : undefined)
  return {
    /** As it is to be stored. */
    marked: (source: Source): Source => mapped(source, (text) => mark + text),
    /** What is stored, as far as it came from the same place. */
    own: (stored: Source): Source => mapped(stored, without),
  }
}

function mapped({ etag, hash }: Source, map: (text: string) => string | undefined): Source {
  const [newEtag, newHash] = [etag, hash].map((text) => text && map(text))
  return { ...(newEtag && { etag: newEtag }), ...(newHash && { hash: newHash }) }
}
