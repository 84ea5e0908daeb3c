import { isIPv6 } from 'node:net'

/** The address by which this machine reaches what listens on `host`: on all addresses, that includes loopback. */
export function reachedBy(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}

/** The URL of what listens on `host`, from this machine, without a slash at the end. */
export function urlOf(host: string, port: number): string {
  const address = reachedBy(host)
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`
}
