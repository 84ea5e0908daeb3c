import {
  type Domain,
  type OpsComparison,
  type OpsDropped,
  type RefreshSummary,
  summarise,
  type User,
} from '@rollcall/roster'
import type { UserRecords } from '@rollcall/runtime'
import type { Waiting } from '../patience.ts'
import { type RefreshDeps, refreshUsers } from '../refresh-users.ts'
import { type FindUsersDeps, findUsers } from './find-users.ts'
import { type OpsCall, OpsError, type OpsRoute } from './route.ts'
import { type ShowUserDeps, showUser } from './show-user.ts'
import { userOfCall } from './user-of-call.ts'

export interface UserRoutesDeps extends FindUsersDeps, ShowUserDeps, RefreshDeps {
  readonly store: ShowUserDeps['store'] & RefreshDeps['store']
  readonly userRecords: UserRecords
  readonly domains: Pick<ReadonlyMap<Domain, unknown>, 'keys' | 'has'>
  readonly waiting: Waiting
  readonly refreshDeadlineMs: number
  readonly compare: (user: User) => Promise<OpsComparison>
}

/** Stored users: to find them, to look at one, and what can be done with one. */
export function userRoutes(deps: UserRoutesDeps): OpsRoute[] {
  const path = '/users/:jid'
  const write = { method: 'post', right: 'operate', scope: 'domain' } as const
  return [
    { method: 'get', path: '/users', right: 'view', scope: 'domain', handle: (call) => findUsers(call, deps) },
    { method: 'get', path, right: 'view', scope: 'domain', handle: (call) => show(call, deps) },
    { ...write, path: `${path}/refresh`, action: 'refresh-user', handle: (call) => refresh(call, deps) },
    { ...write, path: `${path}/compare`, action: 'compare-roster', handle: (call) => compare(call, deps) },
    { ...write, path: `${path}/drop`, action: 'drop-roster', handle: (call) => drop(call, deps) },
  ]
}

async function show(call: OpsCall, deps: UserRoutesDeps): Promise<unknown> {
  const user = userOfCall(call, 'view', deps.defaultDomain)
  const shown = await showUser(user, deps)
  if (shown === null)
    throw new OpsError(404, `Nothing is known of ${user.jid}: no roster is stored, and nobody has asked for it`)
  return shown
}

/** Asks for one roster and waits for it, for as long as an application may. */
async function refresh(call: OpsCall, deps: UserRoutesDeps): Promise<RefreshSummary> {
  const user = userWithBackend(call, deps)
  call.tell(user.jid, 1)
  const refused = await deps.openUsers.refusalOfRefresh()
  if (refused) throw new OpsError(503, refused.message)
  const patience = deps.waiting.enter(call.response, deps.refreshDeadlineMs)
  try {
    const request = { caller: call.operator.name, domain: user.domain, users: [user], unusable: [] }
    return summarise(await refreshUsers(request, patience, deps)).body
  } finally {
    patience.end()
  }
}

async function compare(call: OpsCall, deps: UserRoutesDeps): Promise<OpsComparison> {
  return deps.compare(userWithBackend(call, deps))
}

async function drop(call: OpsCall, { userRecords, defaultDomain }: UserRoutesDeps): Promise<OpsDropped> {
  const user = userOfCall(call, 'operate', defaultDomain)
  call.tell(user.jid)
  const dropped = await userRecords.drop(user)
  call.tell(user.jid, dropped ? 1 : 0)
  return { dropped }
}

function userWithBackend(call: OpsCall, { domains, defaultDomain }: UserRoutesDeps): User {
  const user = userOfCall(call, 'operate', defaultDomain)
  call.tell(user.jid)
  if (!domains.has(user.domain))
    throw new OpsError(404, `${user.domain} is not configured here, so there is no backend to ask for ${user.jid}`)
  return user
}
