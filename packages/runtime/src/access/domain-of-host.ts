import type { Domain } from '@rollcall/roster'
import { hostName } from './host-name.ts'

interface Domains {
  get(name: string): { readonly domain: Domain } | undefined
}

/** The domain a request is about: the one its Host header names when that is a configured one, else the default. */
export function domainOfHost(host: string | undefined, domains: Domains, defaultDomain: Domain): Domain {
  const name = hostName(host)
  return (name === null ? undefined : domains.get(name)?.domain) ?? defaultDomain
}
