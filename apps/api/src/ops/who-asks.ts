import type { Request } from 'express'
import { type Gate, operatorOf } from '../gate.ts'
import type { ProxyIdentity } from './proxy-identity.ts'
import { type Operator, OpsError } from './route.ts'
import { sessionIdIn } from './session-cookie.ts'
import type { LoggedOut, Session, Sessions } from './sessions.ts'

export interface Asker {
  readonly operator: Operator
  /**
   * From which pages it may write. What a browser adds by itself says nothing of the page that sent it: then it has to be one
   * of the dashboard (`own`), or, for who may be no browser, no page at all (`own-or-none`).
   */
  readonly pages: 'own' | 'own-or-none' | 'any'
}

/** Who sends a request to /ops/api. Throws OpsError (401) when nobody is logged in. */
export type WhoAsks = (request: Request, writes: boolean) => Promise<Asker>

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
    if (proxied) return { operator: proxied, pages: 'own' }
    if (isOpen && identity.speaksFor(request))
      throw new OpsError(401, 'The proxy names nobody, and no tokens are configured with which one could log in')
    if (isOpen || request.headers.authorization !== undefined)
      return { operator: bearerOf(request, gate), pages: isBearer(request) ? 'any' : 'own-or-none' }
    const id = sessionIdIn(request)
    if (id === undefined)
      throw new OpsError(401, 'Nobody is logged in: log in, or send a token as "Authorization: Bearer rc_…"')
    const session = await sessions.find(id, writes)
    if (typeof session === 'string') throw new OpsError(401, LOGGED_OUT[session], LOGGED_OUT_TITLE)
    return { operator: operatorIn(session), pages: 'own' }
  }
}

const LOGGED_OUT_TITLE = 'Logged out'

const LOGGED_OUT: Readonly<Record<LoggedOut, string>> = {
  ended: 'You are not logged in any more: you logged out elsewhere, or have not been here for long (OPS_SESSION_S)',
  'token-gone': 'You are not logged in any more: the token that you logged in with was revoked, or may no longer view',
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
