import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Domain, OpsRight, OpsSession } from '@rollcall/roster'

/** Who is at the dashboard, or sends a token to /ops/api. */
export type Operator = Pick<OpsSession, 'name' | 'by' | 'rights' | 'domains' | 'expiresAt'>

/** One call of a route: who, and what was sent. */
export interface OpsCall {
  readonly operator: Operator
  /** Who asks as of now: for an answer that takes long. Throws OpsError (401) when it is nobody any more. */
  whoAsksNow(): Promise<Operator>
  readonly params: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string | undefined>>
  /** Parsed JSON; undefined when there is none. */
  readonly body: unknown
  /** Says for the audit log what is done, for people (`john@example.org`), and to how many; the latter as soon as it is known. */
  tell(what: string, count?: number): void
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/**
 * A path below /ops/api. The caller has `right` when it is called: for some domain at least (`scope: 'domain'`, the
 * handler looks at which, by `insistOn` or `may`), or for all (`'everywhere'`: what is not of one domain, such as queues).
 * What it returns is sent as JSON; undefined: it has answered itself. What is refused is thrown as OpsError.
 */
export type OpsRoute = ReadRoute | WriteRoute

interface AnyRoute {
  readonly path: string
  readonly right: OpsRight
  readonly scope: 'domain' | 'everywhere'
  /** Of the answer; default 200. With 204 there is no body. */
  readonly status?: number
  handle(call: OpsCall): Promise<unknown>
}

interface ReadRoute extends AnyRoute {
  readonly method: 'get'
  readonly action?: never
}

interface WriteRoute extends AnyRoute {
  readonly method: 'post' | 'put' | 'delete'
  /** Its name in the audit log, such as `drop-roster`. */
  readonly action: string
}

/** Something is refused; the message says what, and what to do. */
export class OpsError extends Error {
  override readonly name = 'OpsError'
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 429 | 503
  /** In two or three words, when those of the status do not say it. */
  readonly title: string | undefined
  constructor(status: OpsError['status'], message: string, title?: string) {
    super(message)
    this.status = status
    this.title = title
  }
}

export const may = ({ rights, domains }: Operator, right: OpsRight, domain: Domain): boolean =>
  rights.includes(right) && (domains === '*' || domains.includes(domain))

/** Throws when the caller may do that for some domains only: for what tells of all of them. */
export function insistOnAll(operator: Operator, right: OpsRight): void {
  if (!operator.rights.includes(right) || operator.domains !== '*')
    throw new OpsError(403, `That concerns all domains, and "${operator.name}" may ${right} for some of them only`)
}

/** Throws when that is not for the caller to do for this domain. */
export function insistOn(operator: Operator, right: OpsRight, domain: Domain): void {
  if (!may(operator, right, domain))
    throw new OpsError(403, `"${operator.name}" has no right to ${right} for ${domain}`)
}
