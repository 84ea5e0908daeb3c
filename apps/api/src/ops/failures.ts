import {
  type BareJid,
  type Domain,
  OpsDismissal,
  type OpsFailedUsers,
  OpsFailureFilter,
  type OpsFailures,
  type OpsPart,
  type OpsRetry,
} from '@rollcall/roster'
import { type Entry, type GroupPart, placeOf, type RosterStore } from '@rollcall/runtime'
import type { OpenUsers } from '../open-users.ts'
import type { UnattendedRefreshes } from '../unattended-refreshes.ts'
import { parseBody } from './body.ts'
import { codeIn, domainIn, limitIn, placeIn } from './query.ts'
import { insistOn, may, type Operator, OpsError, type OpsRoute } from './route.ts'

export interface FailureDeps {
  readonly store: Pick<
    RosterStore,
    'failureParts' | 'failureGroups' | 'failedBehind' | 'failedUsers' | 'countFailed' | 'dismiss'
  >
  readonly unattended: Pick<UnattendedRefreshes, 'refresh'>
  readonly openUsers: Pick<OpenUsers, 'refusalOfRefresh'>
}

type Store = FailureDeps['store']

const USERS_PER_PAGE = 100
const READ_AT_ONCE = 5_000
const DISMISSED_PER_CALL = 20_000

/** Who failed, by why and at whose backend; all of them can be asked for again, or dismissed. */
export function failureRoutes({ store, unattended, openUsers }: FailureDeps): OpsRoute[] {
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
          groups: groups.map(({ since, last, ...group }) => ({
            ...group,
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
    {
      method: 'post',
      path: '/failures/retry',
      right: 'operate',
      scope: 'domain',
      action: 'retry-failures',
      status: 202,
      async handle(call): Promise<OpsRetry> {
        const filter = parseBody(OpsFailureFilter, call.body ?? {})
        call.tell(inWords(filter))
        const parts = await matching(store, filter, call.operator, 'operate')
        const refused = await openUsers.refusalOfRefresh()
        if (refused) throw new OpsError(503, refused.message)
        const until = await newestOf(store, parts)
        const failed = Array.from(new Set(parts.map(({ domain }) => domain)), (domain) => {
          const ofDomain = parts.filter((part) => part.domain === domain)
          return [domain, failedUntil(store, ofDomain, until)] as const
        })
        return unattended.refresh(call.operator.name, failed, (users) => call.tell(inWords(filter), users))
      },
    },
    {
      method: 'post',
      path: '/failures/dismiss',
      right: 'operate',
      scope: 'domain',
      action: 'dismiss-failures',
      async handle(call): Promise<OpsPart> {
        const { until: seenUntil, ...filter } = parseBody(OpsDismissal, call.body ?? {})
        call.tell(inWords(filter))
        const parts = await matching(store, filter, call.operator, 'operate')
        const until = seenUntil === undefined ? await newestOf(store, parts) : Date.parse(seenUntil)
        let done = 0
        for (const part of parts) {
          done += await store.dismiss(part, until, DISMISSED_PER_CALL - done)
          call.tell(inWords(filter), done)
        }
        const counts = await Promise.all(parts.map((part) => store.countFailed(part, until)))
        return { done, left: counts.reduce((sum, count) => sum + count, 0) }
      },
    },
  ]
}

interface Filter {
  readonly code?: OpsFailureFilter['code'] | undefined
  readonly domain?: Domain | undefined
}

/** Groups that a filter means and that are the caller's to see, or to act on. Throws OpsError 403 for a domain that is not. */
async function matching(
  store: Pick<Store, 'failureParts'>,
  { code, domain }: Filter,
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

/** When the last of them failed, by the clock of Redis: who fails while something is done with all of them is not meant. */
async function newestOf(store: Pick<Store, 'failedBehind'>, parts: readonly GroupPart[]): Promise<number> {
  const [newest] = await store.failedBehind(parts, null, 1)
  return newest?.at ?? 0
}

/** Who failed until then, page by page. Who fails again meanwhile has a later time, and is not named a second time. */
async function* failedUntil(
  store: Pick<Store, 'failedBehind'>,
  parts: readonly GroupPart[],
  until: number,
): AsyncGenerator<BareJid[]> {
  for (const part of parts) {
    let place: Entry | undefined = { at: until + 1, member: '' }
    while (place) {
      const found: readonly Entry[] = await store.failedBehind([part], place, READ_AT_ONCE)
      if (found.length > 0) yield found.map(({ member }) => member as BareJid)
      place = found.at(-1)
    }
  }
}

const inWords = ({ code, domain }: Filter): string =>
  `${code ?? 'all failures'}${domain === undefined ? '' : ` of ${domain}`}`

const isoTime = (ms: number): string => new Date(ms).toISOString()
