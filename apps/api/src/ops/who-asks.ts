import type { IncomingMessage } from 'node:http'
import type { Gate } from '../gate.ts'
import { type Operator, OpsError } from './route.ts'

/** Who sends a request to /ops/api. Throws OpsError: 401 when nobody is logged in, 403 when another site sent it. */
export type WhoAsks = (request: IncomingMessage, writes: boolean) => Promise<Operator>

/** By the token in the request, as everywhere else in the api. */
export function whoAsks(gate: Gate): WhoAsks {
  return async (request) => {
    const caller = gate(request)
    if (caller.kind === 'refused') throw new OpsError(caller.status, caller.message)
    return caller.operator
  }
}
