import type { Request } from 'express'
import { OpsError } from './route.ts'

/**
 * Refuses what a page of another site makes a browser send (403): a browser adds by itself what tells who somebody is, such as
 * the cookie, and says in `Origin` and `Sec-Fetch-Site` whose page it was. What is no browser says neither; whether that will do
 * is for the caller to say.
 */
export function insistOnOwnPage(request: Request, { mayBeSilent }: { readonly mayBeSilent: boolean }): void {
  const { origin, 'sec-fetch-site': site } = request.headers
  if (origin === undefined && site === undefined) {
    if (mayBeSilent) return
    throw new OpsError(
      403,
      'Neither Origin nor Sec-Fetch-Site says that a page of this dashboard sent this: from a script, send a token instead',
    )
  }
  if (origin !== undefined && !isOwn(origin, request))
    throw new OpsError(
      403,
      'A page of another origin sent this. Behind a proxy, name it in TRUSTED_PROXIES, and let it pass Host on or set X-Forwarded-Host',
    )
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new OpsError(403, 'A browser sent this for a page of another origin')
}

/** Whether it runs over TLS is not known behind a proxy that is not trusted: then the names alone are compared. */
function isOwn(origin: string, { host, secure }: Request): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, host: ofOrigin } = new URL(origin)
  if (secure && protocol !== 'https:') return false
  const own = `${protocol}//${host}`
  return /^https?:$/.test(protocol) && URL.canParse(own) && new URL(own).host === ofOrigin
}
