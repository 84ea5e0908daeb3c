import { type Domain, parseDomain, parseUrlTemplate, parseUsername, type User, userOf } from '@rollcall/roster'
import {
  type BackendClient,
  type BackendClientOptions,
  type BackendConfig,
  backendClient,
} from '../../packages/backend/src/backend-client.ts'

/** One domain with the defaults of the configuration. */
export function configOf(template: string, config: Partial<BackendConfig> = {}): BackendConfig {
  return {
    domain: domainNamed('example.org'),
    rosterUrl: parseUrlTemplate(template),
    headers: {},
    backendTimeoutMs: 10_000,
    maxRosterBytes: 5 * 1024 * 1024,
    maxContacts: 10_000,
    unknownUser: 'error',
    ...config,
  }
}

/** A client for the backend of `example.org`. */
export function clientFor(
  template: string,
  config: Partial<BackendConfig> = {},
  options: Partial<BackendClientOptions> = {},
): BackendClient {
  const whole = configOf(template, config)
  return backendClient({ domains: new Map([[whole.domain, whole]]), version: '1.2.3', ...options })
}

export function userNamed(username: string, domain = 'example.org'): User {
  const parsed = parseUsername(username)
  if (parsed.kind === 'invalid') throw new Error(parsed.reason)
  return userOf(parsed.username, domainNamed(domain))
}

export function domainNamed(text: string): Domain {
  const parsed = parseDomain(text)
  if (parsed.kind === 'invalid') throw new Error(parsed.reason)
  return parsed.domain
}
