import { hostName } from './host-name.ts'
import { isLoopback } from './loopback.ts'

export interface RequestOrigin {
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly secFetchSite: string | undefined
}

export interface TrustedNames {
  readonly domains: { has(name: string): boolean }
  readonly corsOrigins: readonly string[]
}

/**
 * Without tokens whoever reaches the api may use it, and any web page reaches loopback through the browser of somebody
 * on this machine: by a request of its own (`Origin`, `Sec-Fetch-Site`) or by a name of its own that resolves to
 * 127.0.0.1 (`Host`). Says why such a request is refused, else null.
 */
export function refuseForeign(request: RequestOrigin, known: TrustedNames): { readonly message: string } | null {
  const host = hostName(request.host)
  if (host === null) return refuse('it has no valid Host header')
  if (!isLoopback(host) && !known.domains.has(host)) {
    return refuse('its Host header names neither this machine nor a configured domain')
  }
  if (request.origin !== undefined) {
    if (known.corsOrigins.includes(request.origin)) return null
    if (!isLoopbackOrigin(request.origin)) return refuse('it comes from a web page of another origin')
  }
  // A page of another port of this machine is "same-site": nothing says that it is ours.
  if (request.secFetchSite !== undefined && request.secFetchSite !== 'same-origin' && request.secFetchSite !== 'none') {
    return refuse('a browser sent it for a page of another origin')
  }
  return null
}

function isLoopbackOrigin(origin: string): boolean {
  const name = /^https?:\/\/([^/]+)$/.exec(origin)?.[1]
  const host = hostName(name)
  return host !== null && isLoopback(host)
}

const refuse = (why: string): { readonly message: string } => ({
  message: `This request is refused because ${why}, and no tokens are configured. Make one: npm run token -- --name app --rights notify,read`,
})
