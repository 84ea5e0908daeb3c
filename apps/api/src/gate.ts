import type { IncomingMessage } from 'node:http'
import { type Domain, OPS_RIGHTS, type OpsRight } from '@rollcall/roster'
import { mayUse, type Right, refuseForeign, type TokenEntry, tokenRegistry } from '@rollcall/runtime'
import type { Operator } from './ops/route.ts'

export type Refused = {
  readonly kind: 'refused'
  readonly status: 401 | 403
  readonly message: string
}

export interface Caller {
  readonly kind: 'caller'
  /** Name of the token. */
  readonly name: string
  /** The same as one who uses the dashboard. */
  readonly operator: Operator
  /** Why this caller may not do that for a domain; null when it may. */
  refusal(right: Right, domain: Domain): Refused | null
}

export interface GateOptions {
  readonly tokens: readonly TokenEntry[]
  readonly domains: { has(name: string): boolean }
  readonly corsOrigins: readonly string[]
}

export type Gate = (request: IncomingMessage) => Caller | Refused

/** Who sends a request, and what they may do. */
export function gate({ tokens, domains, corsOrigins }: GateOptions): Gate {
  if (tokens.length === 0) return loopbackGate({ domains, corsOrigins })
  const registry = tokenRegistry(tokens)
  const callers = new Map(tokens.map((token) => [token, callerOf(token)]))
  return ({ headers }) => {
    const who = registry.authenticate(headers.authorization)
    if (who.kind === 'missing') return MISSING
    return (who.kind === 'ok' && callers.get(who.token)) || WRONG
  }
}

/** Without tokens the api listens on loopback only, and whoever is there may do everything: but no web page may. */
function loopbackGate(known: Pick<GateOptions, 'domains' | 'corsOrigins'>): Gate {
  return ({ headers }) => {
    const foreign = refuseForeign(
      { host: headers.host, origin: headers.origin, secFetchSite: headers['sec-fetch-site'] as string | undefined },
      known,
    )
    return foreign ? refused(403, foreign.message) : ANYBODY
  }
}

const callerOf = (token: TokenEntry): Caller => ({
  kind: 'caller',
  name: token.name,
  operator: {
    name: token.name,
    by: 'token',
    rights: token.rights.filter(isOpsRight),
    domains: token.domains as Operator['domains'],
  },
  refusal: (right, domain) =>
    mayUse(token, right, domain)
      ? null
      : refused(403, `The token "${token.name}" has no right to ${right} for ${domain}`),
})

const ANYBODY: Caller = {
  kind: 'caller',
  name: 'loopback',
  operator: { name: 'loopback', by: 'loopback', rights: OPS_RIGHTS, domains: '*' },
  refusal: () => null,
}

const isOpsRight = (right: Right): right is OpsRight => OPS_RIGHTS.some((one) => one === right)

const refused = (status: 401 | 403, message: string): Refused => ({ kind: 'refused', status, message })

const MISSING = refused(401, 'A token is needed: send it as "Authorization: Bearer rc_…", or as the password of Basic')
const WRONG = refused(401, 'This token is not known here')
