import { isIP } from 'node:net'
import type { RequestHandler } from 'express'
import { RequestError } from './request-error.ts'

/**
 * Refuses requests that a page elsewhere makes a browser send. `Origin` and `Sec-Fetch-Site` are sent by browsers alone;
 * the host is looked at because any name can be made to point to 127.0.0.1 (DNS rebinding), while localhost and plain
 * addresses cannot be taken over like that.
 */
export const sameOriginOnly: RequestHandler = (request, _response, next) => {
  const { host, origin, 'sec-fetch-site': site } = request.headers
  if (host !== undefined && !isOwnHost(host)) {
    throw new RequestError(403, 'Please use localhost or an IP address in the URL')
  }
  if (origin !== undefined && origin.toLowerCase() !== `http://${host}`.toLowerCase()) {
    throw new RequestError(403, 'Requests of pages elsewhere are refused (Origin)')
  }
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    throw new RequestError(403, 'Requests of pages elsewhere are refused (Sec-Fetch-Site)')
  }
  next()
}

function isOwnHost(host: string): boolean {
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()
  return name === 'localhost' || isIP(name) !== 0
}
