import type { Domain, OpsFailedUsers, OpsFailureFilter, OpsFailures } from '@rollcall/roster'
import { type GroupPart, placeOf, type RosterStore } from '@rollcall/runtime'
import { codeIn, domainIn, limitIn, placeIn } from './query.ts'
import { insistOn, may, type Operator, type OpsRoute } from './route.ts'

export interface FailureDeps {
  readonly store: Pick<RosterStore, 'failureParts' | 'failureGroups' | 'failedBehind' | 'failedUsers'>
}

const USERS_PER_PAGE = 100

/** Who failed, by why and at whose backend. */
export function failureRoutes({ store }: FailureDeps): OpsRoute[] {
  return [
    {
      method: 'get',
      path: '/failures',
      right: 'view',
      scope: 'domain',
      async handle({ operator, query }): Promise<OpsFailures> {
        const filter = { code: codeIn(query), domain: domainIn(query) }
        const groups = await store.failureGroups(await matching(store, filter, operator, 'view'))
        return {
          groups: groups.map(({ code, domain, count, since, last }) => ({
            code,
            domain,
            count,
            firstAt: isoTime(since),
            lastAt: isoTime(last.at),
            example: { jid: last.jid, message: last.message },
          })),
          total: groups.reduce((sum, { count }) => sum + count, 0),
        }
      },
    },
    {
      method: 'get',
      path: '/failures/users',
      right: 'view',
      scope: 'domain',
      async handle({ operator, query }): Promise<OpsFailedUsers> {
        const filter = { code: codeIn(query), domain: domainIn(query) }
        const limit = limitIn(query, USERS_PER_PAGE, USERS_PER_PAGE)
        const parts = await matching(store, filter, operator, 'view')
        const found = await store.failedBehind(parts, placeIn(query, 'after'), limit)
        const users = await store.failedUsers(found)
        const last = found.length === limit ? found.at(-1) : undefined
        return {
          users: users.map(({ at, nextRepairAt, ...user }) => ({
            ...user,
            at: isoTime(at),
            ...(nextRepairAt !== undefined && { nextRepairAt: isoTime(nextRepairAt) }),
          })),
          next: last ? placeOf(last) : null,
        }
      },
    },
  ]
}

/** Groups that a filter means and that are the caller's to see, or to act on. Throws OpsError 403 for a domain that is not. */
async function matching(
  store: Pick<RosterStore, 'failureParts'>,
  { code, domain }: { readonly code?: OpsFailureFilter['code'] | undefined; readonly domain?: Domain | undefined },
  operator: Operator,
  right: 'view' | 'operate',
): Promise<GroupPart[]> {
  if (domain !== undefined) insistOn(operator, right, domain)
  const parts = await store.failureParts()
  return parts.filter(
    (part) =>
      (code === undefined || part.code === code) &&
      (domain === undefined || part.domain === domain) &&
      may(operator, right, part.domain),
  )
}

const isoTime = (ms: number): string => new Date(ms).toISOString()
