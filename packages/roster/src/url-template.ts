import type { User } from './user.ts'

/** The URL of a backend's rosters, with a place for the username and perhaps one for the domain. */
export interface UrlTemplate {
  readonly source: string
  urlFor(user: User): string
}

/** A template that cannot be used: the message says what is wrong and what to write. It never repeats credentials. */
export class UrlTemplateError extends Error {
  override readonly name = 'UrlTemplateError'
}

/**
 * `https://app.example/rosters/%s`: exactly one `%s` for the username, `%d` for the domain where it is wanted, both in
 * the path or the query. Any other `%XX` stays as it is, and wins: `%de` is a byte and not the domain before an `e`.
 * Every URL made from it has the origin of the template and its path up to the first place. Throws UrlTemplateError.
 */
export function parseUrlTemplate(text: string): UrlTemplate {
  const fault = faultOf(text)
  if (fault !== undefined) throw new UrlTemplateError(`URL template: ${fault}`)
  const parts = partsOf(text)
  const urlFor = (user: User) => parts.map((part) => (typeof part === 'string' ? part : part(user))).join('')
  return { source: text, urlFor }
}

const EXAMPLE = 'write it as in https://app.example/rosters/%s'
const PERCENT = /%(?:[0-9A-Fa-f]{2}|s|d)?/g
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i

function faultOf(text: string): string | undefined {
  // All that a URL would cut or turn into a slash is refused here, so that the split below is the one that URL makes.
  if (/[\s\\\p{C}]/u.test(text)) return 'it has a space, a backslash or a control character: write %20, %5C and so on'
  const [, authority = '', path = '', query = '', fragment = ''] = PARTS.exec(text) ?? []
  if (authority === '') return `it does not begin with http:// or https:// and a host: ${EXAMPLE}`
  if (authority.includes('@')) {
    return 'it has credentials, which would get into logs: send them in a header, say Authorization'
  }
  if (authority.includes('%')) return 'it has a % in the host: use %s and %d in the path or the query'
  if (fragment !== '') return 'it has a fragment, which is never sent: leave it out, or write %23 for a #'

  const percents = [...`${path}${query}`.matchAll(PERCENT)].map(([percent]) => percent)
  const places = percents.filter((percent) => percent === '%s').length
  if (percents.includes('%')) return 'it has a % without two hexadecimal digits, s or d behind: write %25 for a %'
  if (places === 0) return `it has no %s, the place of the username: ${EXAMPLE}`
  if (places > 1) return `it has %s ${places} times: keep one`
  if (path.split('/').some((segment) => DOT_SEGMENT.test(segment))) {
    return 'it has . or .. in the path: write the path that is meant'
  }
  return undefined
}

const PARTS = /^https?:\/\/([^/?#]+)([^?#]*)([^#]*)(.*)$/i

type Part = string | ((user: User) => string)

/** Puts the text into its final form as URL does, with markers in the places that it neither changes nor has elsewhere. */
function partsOf(text: string): Part[] {
  const zeros = '0'.repeat(text.length)
  const marked = text.replace(PERCENT, (percent) =>
    percent === '%s' || percent === '%d' ? `${percent.charAt(1)}${zeros}` : percent,
  )
  const pieces = hrefOf(marked).split(new RegExp(`([sd]${zeros})`))
  return pieces.map((piece) => {
    if (piece === `s${zeros}`) return (user) => encode(user.username)
    if (piece === `d${zeros}`) return (user) => encode(user.domain)
    return piece
  })
}

// In browsers and in Node; neither's type declarations are loaded here.
declare const URL: new (url: string) => { readonly href: string }

function hrefOf(text: string): string {
  try {
    return new URL(text).href
  } catch (cause) {
    throw new UrlTemplateError(`URL template: its host or port is not valid: ${EXAMPLE}`, { cause })
  }
}

const UNRESERVED = /^[a-z0-9._~-]+$/

/** encodeURIComponent and `!'()*`, after RFC 3986. */
function encode(text: string): string {
  if (UNRESERVED.test(text)) return text
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
