import {
  type BareJid,
  type Domain,
  type OpsPart,
  type OpsRefresh,
  type OpsRefreshPage,
  OpsRefreshState,
  OpsRefreshUserState,
  type OpsRefreshUsers,
  type OpsRetry,
  printable,
  splitBareJid,
} from '@rollcall/roster'
import { isRefreshId } from '@rollcall/runtime'
import { type CancelDeps, cancelRefresh } from '../cancel-refresh.ts'
import type { OpenUsers } from '../open-users.ts'
import { type ProgressDeps, settlementsIn } from '../refresh-progress.ts'
import type { RefreshHeader } from '../refresh-records.ts'
import { refreshUsersPage, type UserPlace } from '../refresh-users-page.ts'
import type { UnattendedRefreshes } from '../unattended-refreshes.ts'
import { failuresToShow } from './failures-to-show.ts'
import { domainIn, limitIn, placeIn, valueIn } from './query.ts'
import type { RefreshList, RefreshListDeps } from './refresh-list.ts'
import { insistOn, may, OpsError, type OpsRoute } from './route.ts'

export interface RefreshRouteDeps extends Pick<ProgressDeps, 'records' | 'shards'>, CancelDeps {
  readonly list: Pick<RefreshList, 'page' | 'callers'>
  readonly looks: RefreshListDeps['looks']
  readonly unattended: Pick<UnattendedRefreshes, 'refresh'>
  readonly openUsers: Pick<OpenUsers, 'refusalOfRefresh'>
  readonly defaultDomain: Domain
}

const REFRESHES_PER_PAGE = 50
const MOST_PER_PAGE = 100
const USERS_PER_PAGE = 100

/** What was asked for, by whom, and what became of it. */
export function refreshRoutes(deps: RefreshRouteDeps): OpsRoute[] {
  const { list, looks, records, unattended, openUsers } = deps
  return [
    {
      method: 'get',
      path: '/refreshes',
      right: 'view',
      scope: 'domain',
      async handle({ operator, query }): Promise<OpsRefreshPage> {
        const domain = domainIn(query)
        if (domain !== undefined) insistOn(operator, 'view', domain)
        const mayLook = (of: typeof domain & string) =>
          (domain === undefined || of === domain) && may(operator, 'view', of)
        const state = valueIn(query, 'state', OpsRefreshState, OpsRefreshState.options.join(', '))
        const filter = { state, caller: query.caller || undefined, mayLook }
        const [page, callers] = await Promise.all([
          list.page(filter, placeIn(query, 'before'), limitIn(query, REFRESHES_PER_PAGE, MOST_PER_PAGE)),
          list.callers((of) => may(operator, 'view', of)),
        ])
        return { ...page, callers }
      },
    },
    {
      method: 'get',
      path: '/refreshes/:id',
      right: 'view',
      scope: 'domain',
      async handle({ operator, params }): Promise<OpsRefresh> {
        const id = idIn(params)
        const found = await looks.look(id)
        if (!found) throw unknown(id)
        insistOn(operator, 'view', found.progress.domain)
        const { progress, failuresByCode } = failuresToShow(found, operator, deps.defaultDomain)
        return { ...progress, failuresByCode, hasUsers: await records.hasUsers(id) }
      },
    },
    {
      method: 'get',
      path: '/refreshes/:id/users',
      right: 'view',
      scope: 'domain',
      async handle({ operator, params, query }): Promise<OpsRefreshUsers> {
        const header = await headerIn(params, deps)
        insistOn(operator, 'view', header.domain)
        const state = valueIn(query, 'state', OpsRefreshUserState, OpsRefreshUserState.options.join(', '))
        const { users, next } = await refreshUsersPage(
          header,
          (jid, is) => (state === undefined || is === state) && may(operator, 'view', splitBareJid(jid).domain),
          userPlaceIn(query.after),
          limitIn(query, USERS_PER_PAGE, USERS_PER_PAGE),
          deps,
        )
        return { users, next: next && `${next.chunk}.${next.user}` }
      },
    },
    {
      method: 'post',
      path: '/refreshes/:id/retry',
      right: 'operate',
      scope: 'domain',
      action: 'retry-refresh',
      status: 202,
      async handle({ operator, params, tell }): Promise<OpsRetry> {
        const header = await headerIn(params, deps)
        const what = inWords(header)
        tell(what)
        insistOn(operator, 'operate', header.domain)
        if (!(await records.hasUsers(header.id)))
          throw new OpsError(409, 'Who was in this refresh is not known any more')
        const refused = await openUsers.refusalOfRefresh()
        if (refused) throw new OpsError(503, refused.message)
        const failed = [...(await failedUsers(header, deps))]
          .filter(([domain]) => may(operator, 'operate', domain))
          .map(([domain, users]) => [domain, [users]] as const)
        return unattended.refresh(operator.name, failed, (users) => tell(what, users))
      },
    },
    {
      method: 'post',
      path: '/refreshes/:id/cancel',
      right: 'operate',
      scope: 'domain',
      action: 'cancel-refresh',
      async handle({ operator, params, tell }): Promise<OpsPart> {
        const header = await headerIn(params, deps)
        const what = inWords(header)
        tell(what)
        insistOn(operator, 'operate', header.domain)
        if (header.cancelledAt === undefined) looks.forget(header.id) // it may be done, and nobody has looked since
        const found = await looks.look(header.id)
        if (found?.progress.state === 'done' && header.cancelledAt === undefined) return { done: 0, left: 0 }
        if (operator.domains !== '*')
          for await (const { users } of records.chunks(header))
            for (const jid of users) insistOn(operator, 'operate', splitBareJid(jid).domain)
        const part = await cancelRefresh(header, deps)
        tell(what, part.done)
        looks.forget(header.id)
        await looks.look(header.id) // writes down how it ended, before others are fetched for other refreshes
        return part
      },
    },
  ]
}

/** Those of a refresh whose last fetch failed, by domain. */
async function failedUsers(header: RefreshHeader, deps: RefreshRouteDeps): Promise<Map<Domain, BareJid[]>> {
  const failed = new Map<Domain, BareJid[]>()
  for await (const chunk of deps.records.chunks(header)) {
    const settlements = await settlementsIn(chunk, header.cancelledAt !== undefined, deps)
    for (const [i, jid] of chunk.users.entries()) {
      if (settlements[i]?.kind !== 'failed') continue
      const { domain } = splitBareJid(jid)
      const ofDomain = failed.get(domain)
      if (ofDomain) ofDomain.push(jid)
      else failed.set(domain, [jid])
    }
  }
  return failed
}

const inWords = ({ id, caller }: RefreshHeader): string => `refresh ${id} of ${caller}`

function idIn({ id = '' }: Readonly<Record<string, string>>): string {
  if (!isRefreshId(id)) throw unknown(id)
  return id
}

async function headerIn(
  params: Readonly<Record<string, string>>,
  { records }: Pick<RefreshRouteDeps, 'records'>,
): Promise<RefreshHeader> {
  const id = idIn(params)
  const header = await records.header(id)
  if (!header) throw unknown(id)
  return header
}

const unknown = (id: string): OpsError =>
  new OpsError(404, `No refresh ${printable(id)} is known: it never was, or it ended too long ago (REFRESH_TTL_S)`)

function userPlaceIn(text: string | undefined): UserPlace {
  if (!text) return { chunk: 0, user: 0 }
  const found = /^(\d{1,6})\.(\d{1,6})$/.exec(text)
  if (!found) throw new OpsError(400, `?after= is ${printable(text)}, which no page gave as "next"`)
  return { chunk: Number(found[1]), user: Number(found[2]) }
}
