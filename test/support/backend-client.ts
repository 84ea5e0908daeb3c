import { type Domain, parseDomain, parseUrlTemplate, parseUsername, type User, userOf } from '@rollcall/roster'
import { afterEach, beforeEach, vi } from 'vitest'
import {
  type BackendClient,
  type BackendClientOptions,
  type BackendConfig,
  backendClient,
} from '../../packages/backend/src/backend-client.ts'
import { type BackendOptions, startBackend, type TestBackend } from './backend.ts'

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

/** A backend and a client of it for each test of a file; the environment is as before after it. */
export function backendAndClientOfTest() {
  let backend: TestBackend
  let client: BackendClient
  const clientOf = (...args: Configured) => clientFor(backend.template, ...args)
  beforeEach(async () => {
    backend = await startBackend()
    client = clientOf()
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await client.close()
    await backend.close()
  })
  return {
    get backend() {
      return backend
    },
    get client() {
      return client
    },
    /** A further client, which the test closes. */
    clientOf,
    /** Another client from here on. */
    async configure(...args: Configured): Promise<void> {
      await client.close()
      client = clientOf(...args)
    },
    /** Another backend from here on, at the same address; clients have to connect anew. */
    async serve(options: BackendOptions): Promise<void> {
      const port = Number(new URL(backend.url).port)
      await backend.close()
      backend = await startBackend({ ...options, port })
    },
    /** The JIDs that the backend has for a user. */
    async rosterOf(user: User): Promise<string[]> {
      const answer = await client.fetchRoster(user, {})
      if (answer.kind !== 'roster') throw new Error(JSON.stringify(answer))
      return [...answer.roster.keys()]
    },
  }
}

type Configured = [config?: Partial<BackendConfig>, options?: Partial<BackendClientOptions>]

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
