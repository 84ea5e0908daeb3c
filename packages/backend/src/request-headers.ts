import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { Domain } from '@rollcall/roster'
import { ACCEPT_ENCODING } from './content-decoder.ts'

export type RequestHeaders = Readonly<Record<string, string>>

/**
 * What goes with every request to a backend, names in lower case. Configured headers win, but for `If-None-Match`,
 * which belongs to the copy of one user. Throws for one that no request can carry.
 */
export function requestHeaders(domain: Domain, configured: RequestHeaders, version: string): RequestHeaders {
  const headers: Record<string, string> = {
    accept: 'application/json',
    'accept-encoding': ACCEPT_ENCODING,
    'user-agent': `rollcall/${version}`,
  }
  for (const [name, value] of Object.entries(configured)) {
    const lowerCase = name.toLowerCase()
    if (lowerCase === 'if-none-match') continue
    check(domain, lowerCase, value)
    headers[lowerCase] = value
  }
  return headers
}

/** Of the connection and the request's body; undici refuses or ignores them. */
const NOT_OURS = ['connection', 'content-length', 'expect', 'keep-alive', 'te', 'transfer-encoding', 'upgrade']

function check(domain: Domain, name: string, value: string): void {
  if (NOT_OURS.includes(name)) throw new Error(`Headers of ${domain}: "${name}" cannot be configured, leave it out`)
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
  } catch {
    // Its own message and cause would repeat the value.
    throw new Error(
      `Headers of ${domain}: "${name}" is not a valid header name, or its value has a character that no header can carry`,
    )
  }
}
