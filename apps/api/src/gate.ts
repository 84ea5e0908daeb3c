import type { IncomingMessage } from 'node:http'
import { type Domain, OPS_RIGHTS, type OpsRight } from '@rollcall/roster'
import { mayUse, type Right, refuseForeign, type TokenEntry } from '@rollcall/runtime'
import type { KnownTokens } from './known-tokens.ts'
import type { Operator } from './ops/route.ts'
import type { TokenUses } from './token-uses.ts'

export type Refused = {
  readonly kind: 'refused'
  readonly status: 401 | 403 | 503
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
  /** Null: none are configured, and whoever is on this machine may do everything. */
  readonly tokens: Pick<KnownTokens, 'authenticate'> | null
  readonly uses: Pick<TokenUses, 'mark'>
  readonly domains: { has(name: string): boolean }
  readonly corsOrigins: readonly string[]
}

export type Gate = (request: IncomingMessage) => Caller | Refused

/** Who sends a request, and what they may do. */
export function gate({ tokens, uses, domains, corsOrigins }: GateOptions): Gate {
  if (tokens === null) return loopbackGate({ domains, corsOrigins })
  const callers = new WeakMap<TokenEntry, Caller>()
  return ({ headers }) => {
    const who = tokens.authenticate(headers.authorization)
    if (who.kind !== 'ok') return REFUSED[who.kind]
    const { token } = who
    uses.mark(token.id)
    let caller = callers.get(token)
    if (!caller) {
      caller = callerOf(token)
      callers.set(token, caller)
    }
    return caller
  }
}

/** Why a request may not look at all that is going on, as a scraper of /metrics does; null when it may. */
export function refusalToLook(gate: Gate, request: IncomingMessage): Refused | null {
  const caller = gate(request)
  if (caller.kind === 'refused') return caller
  const { rights, domains } = caller.operator
  if (rights.includes('view') && domains === '*') return null
  return refused(403, `The token "${caller.name}" has no right to view for all domains`)
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
  operator: operatorOf(token),
  refusal: (right, domain) =>
    mayUse(token, right, domain)
      ? null
      : refused(403, `The token "${token.name}" has no right to ${right} for ${domain}`),
})

/** Who holds this token, at the dashboard. */
export const operatorOf = ({ name, rights, domains }: TokenEntry): Operator => ({
  name,
  by: 'token',
  rights: rights.filter(isOpsRight),
  domains,
})

const ANYBODY: Caller = {
  kind: 'caller',
  name: 'loopback',
  operator: { name: 'loopback', by: 'loopback', rights: OPS_RIGHTS, domains: '*' },
  refusal: () => null,
}

const isOpsRight = (right: Right): right is OpsRight => OPS_RIGHTS.some((one) => one === right)

const refused = (status: Refused['status'], message: string): Refused => ({ kind: 'refused', status, message })

const REFUSED = {
  missing: refused(401, 'A token is needed: send it as "Authorization: Bearer rc_…", or as the password of Basic'),
  wrong: refused(401, 'This token is not known here'),
  'not-yet-known': refused(
    503,
    'Redis is not reachable, and without it the tokens made at run time are not known; try again',
  ),
} as const
