import type { Request } from 'express'
import { type Gate, operatorOf } from '../gate.ts'
import { insistOnOwnPage } from './own-page.ts'
import type { ProxyIdentity } from './proxy-identity.ts'
import { type Operator, OpsError } from './route.ts'
import { sessionIdIn } from './session-cookie.ts'
import type { Session, Sessions } from './sessions.ts'

/** Who sends a request to /ops/api. Throws OpsError: 401 when nobody is logged in, 403 when another site sent it. */
export type WhoAsks = (request: Request, writes: boolean) => Promise<Operator>

export interface WhoAsksDeps {
  readonly gate: Gate
  /** No tokens are configured: whoever is on this machine may do everything. */
  readonly isOpen: boolean
  readonly sessions: Pick<Sessions, 'find'>
  readonly identity: ProxyIdentity
}

/** By what a trusted proxy says, else by the token in the request, else by the session of the browser. */
export function whoAsks({ gate, isOpen, sessions, identity }: WhoAsksDeps): WhoAsks {
  return async (request, writes) => {
    const proxied = identity.operatorIn(request)
    if (proxied) {
      if (writes) insistOnOwnPage(request, { mayBeSilent: false })
      return proxied
    }
    const isByItself = isOpen && !identity.speaksFor(request)
    if (isByItself || request.headers.authorization !== undefined) {
      if (writes && !isBearer(request)) insistOnOwnPage(request, { mayBeSilent: true })
      return bearerOf(request, gate)
    }
    const id = sessionIdIn(request)
    const session = id === undefined ? null : await sessions.find(id, writes)
    if (!session)
      throw new OpsError(401, 'Nobody is logged in: log in, or send a token as "Authorization: Bearer rc_…"')
    if (writes) insistOnOwnPage(request, { mayBeSilent: false })
    return operatorIn(session)
  }
}

export const operatorIn = ({ token, expiresAt }: Session): Operator => ({
  ...operatorOf(token),
  expiresAt: new Date(expiresAt).toISOString(),
})

function bearerOf(request: Request, gate: Gate): Operator {
  const caller = gate(request)
  if (caller.kind === 'refused') throw new OpsError(caller.status, caller.message)
  return caller.operator
}

/** No browser adds one by itself, as it does with what was typed for Basic. */
const isBearer = ({ headers }: Request): boolean => /^bearer /i.test(headers.authorization ?? '')
