import { type Domain, OpsLogin, type OpsSession } from '@rollcall/roster'
import { isRedisTrouble, redisTrouble } from '@rollcall/runtime'
import express, { type Request, type RequestHandler, type Router } from 'express'
import { rateLimit } from 'express-rate-limit'
import { sendJson } from '../json-response.ts'
import type { KnownTokens } from '../known-tokens.ts'
import type { TokenUses } from '../token-uses.ts'
import { type AuditLog, type AuditRecord, NOBODY } from './audit.ts'
import { insistOnOwnPage } from './own-page.ts'
import { type Operator, OpsError, type OpsRoute } from './route.ts'
import { giveSessionId, sessionIdIn } from './session-cookie.ts'
import type { Sessions } from './sessions.ts'
import { operatorIn } from './who-asks.ts'

export interface SessionDeps {
  readonly sessions: Sessions
  readonly tokens: Pick<KnownTokens, 'check'>
  readonly uses: Pick<TokenUses, 'mark'>
  /** No tokens are configured: nobody has to log in. */
  readonly isOpen: boolean
  readonly audit: Pick<AuditLog, 'record'>
  readonly version: string
  readonly domains: { keys(): Iterable<Domain> }
  readonly defaultDomain: Domain
  readonly shards: number
}

/** Logins from one address that may fail within WITHIN_MS: nobody guesses a token, but nobody need try either. */
const MOST_FAILURES = 10
/** Of all logins, those that go well too: each is kept in Redis until it runs out. */
const MOST_LOGINS = 120
const WITHIN_MS = 60_000

/** Who is logged in: `GET /ops/api/session`. */
export function sessionRoutes(deps: SessionDeps): OpsRoute[] {
  const handle = async ({ operator }: { operator: Operator }) => sessionOf(operator, deps)
  return [{ method: 'get', path: '/session', right: 'view', scope: 'domain', handle }]
}

/** Logging in and out, which need no right: `POST` and `DELETE /ops/api/session`. */
export function sessionRouter(deps: SessionDeps): Router {
  const { sessions, audit } = deps
  const router = express.Router()
  const limits = {
    windowMs: WITHIN_MS,
    // A proxy that is not trusted is what it says of itself: one address.
    validate: { xForwardedForHeader: false, forwardedHeader: false },
    legacyHeaders: false,
  }
  const fewFailures = rateLimit({
    ...limits,
    limit: MOST_FAILURES,
    skipSuccessfulRequests: true,
    requestWasSuccessful: (_request, { statusCode }) => statusCode < 400 || statusCode >= 500, // not theirs
    standardHeaders: 'draft-8',
    handler: (_request, _response, next) =>
      next(new OpsError(429, 'Too many logins from this address have failed: wait a minute')),
  })
  const few = rateLimit({
    ...limits,
    limit: MOST_LOGINS,
    handler: (_request, _response, next) =>
      next(new OpsError(429, 'Too many logins come from this address: wait a minute')),
  })
  router.post('/session', ownPage, few, fewFailures, express.json({ type: () => true }), async (request, response) => {
    const { id, session } = await logIn(request.body, deps).catch(async (error: unknown) => {
      if (isRefusal(error)) await audit.record(refusedLogin(error, request))
      throw error
    })
    const before = sessionIdIn(request)
    if (before !== undefined) await sessions.end(before).catch(unlessRedisTrouble) // it ends by itself, then
    giveSessionId(id, request, response)
    const operator = operatorIn(session)
    await audit.record({ who: operator.name, action: 'log-in', what: session.token.id, result: 'done' })
    sendJson(response, 200, sessionOf(operator, deps))
  })
  router.delete('/session', async (request, response) => {
    insistOnOwnPage(request, { mayBeSilent: false })
    const id = sessionIdIn(request)
    giveSessionId(null, request, response) // whether or not Redis can be told
    if (id !== undefined) await logOut(id, deps)
    response.writeHead(204).end()
  })
  return router
}

/** Nobody is to be logged in as somebody else by a page of theirs, nor kept out since that page has guessed. */
const ownPage: RequestHandler = (request, _response, next) => {
  insistOnOwnPage(request, { mayBeSilent: true })
  next()
}

const isRefusal = (error: unknown): error is OpsError =>
  error instanceof OpsError && (error.status === 401 || error.status === 403)

const refusedLogin = ({ message }: OpsError, { ip }: Request): AuditRecord => ({
  who: NOBODY,
  action: 'log-in',
  what: `from ${ip}: ${message}`,
  result: 'refused',
})

async function logOut(id: string, { sessions, audit }: SessionDeps): Promise<void> {
  const session = await sessions.find(id, false).catch(unlessRedisTrouble)
  await sessions.end(id).catch(sayWhatIsLeft)
  if (typeof session !== 'object') return
  const { name, id: tokenId } = session.token
  await audit.record({ who: name, action: 'log-out', what: tokenId, result: 'done' })
}

/** The browser has no cookie any more. */
function sayWhatIsLeft(error: unknown): never {
  if (!isRedisTrouble(error)) throw error
  throw new OpsError(
    503,
    `This browser is logged out, but Redis cannot be told that the session has ended: ${redisTrouble(error)}`,
  )
}

function unlessRedisTrouble(error: unknown): void {
  if (!isRedisTrouble(error)) throw error
}

async function logIn(body: unknown, { tokens, uses, sessions, isOpen }: SessionDeps): ReturnType<Sessions['begin']> {
  if (isOpen) throw new OpsError(409, 'No tokens are configured: nobody has to log in on this machine')
  const parsed = OpsLogin.safeParse(body)
  if (!parsed.success) throw new OpsError(400, 'Send {"token": "rc_…"}')
  const found = tokens.check(parsed.data.token.trim())
  if (found.kind === 'not-yet-known') throw new OpsError(503, 'Redis is not reachable: try again')
  if (found.kind !== 'ok') throw new OpsError(401, 'This token is not known here')
  const { token } = found
  if (!token.rights.includes('view')) throw new OpsError(403, `The token "${token.name}" has no right to view`)
  uses.mark(token.id)
  return sessions.begin(token)
}

function sessionOf(operator: Operator, { version, domains, defaultDomain, shards }: SessionDeps): OpsSession {
  const all = [defaultDomain, ...[...domains.keys()].filter((domain) => domain !== defaultDomain)]
  const { domains: own } = operator
  const configuredDomains = own === '*' ? all : all.filter((domain) => own.includes(domain))
  return { ...operator, version, configuredDomains, shards }
}
