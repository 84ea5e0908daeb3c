/** Far above what a token needs, in base64 and with a user name. */
const MAX_LENGTH = 1024
const SCHEME_AND_VALUE = /^(bearer|basic) +([A-Za-z0-9._~+/-]+=*) *$/i

/**
 * The token in an Authorization header: `Bearer <token>` (RFC 6750), or `Basic` (RFC 7617) with the token as password and
 * any user name, which is all that Prosody can send. Null when there is none.
 */
export function parseCredentials(authorization: string): string | null {
  if (authorization.length > MAX_LENGTH) return null
  const [, scheme, value] = SCHEME_AND_VALUE.exec(authorization) ?? []
  if (scheme === undefined || value === undefined) return null
  return scheme.toLowerCase() === 'bearer' ? value : passwordOf(value)
}

function passwordOf(base64: string): string | null {
  const pair = Buffer.from(base64, 'base64').toString()
  const colon = pair.indexOf(':')
  return colon === -1 || colon === pair.length - 1 ? null : pair.slice(colon + 1)
}
