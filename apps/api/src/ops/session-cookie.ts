import { parseCookie, stringifySetCookie } from 'cookie'
import type { Request, Response } from 'express'

/** With the prefix a browser takes the cookie over TLS alone, and from this very host (RFC 6265bis, 4.1.3.2). */
const nameOf = ({ secure }: Request): string => (secure ? '__Host-rollcall' : 'rollcall_ops')

/** The id of the session in a request; undefined: there is none. */
export function sessionIdIn(request: Request): string | undefined {
  const { cookie } = request.headers
  return cookie === undefined ? undefined : parseCookie(cookie)[nameOf(request)]
}

/** Gives the browser the id of a session, for as long as it runs: when the session ends is decided here. Null takes it away. */
export function giveSessionId(id: string | null, request: Request, response: Response): void {
  const cookie = { httpOnly: true, sameSite: 'strict', path: '/', secure: request.secure } as const
  const gone = id === null ? { maxAge: 0 } : {}
  response.append('set-cookie', stringifySetCookie({ ...cookie, ...gone, name: nameOf(request), value: id ?? '' }))
}
