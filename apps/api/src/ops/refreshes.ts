import {
  type OpsRefresh,
  type OpsRefreshPage,
  OpsRefreshState,
  OpsRefreshUserState,
  type OpsRefreshUsers,
  printable,
  splitBareJid,
} from '@rollcall/roster'
import { isRefreshId } from '@rollcall/runtime'
import type { ProgressDeps } from '../refresh-progress.ts'
import type { RefreshHeader } from '../refresh-records.ts'
import { refreshUsersPage, type UserPlace } from '../refresh-users-page.ts'
import { domainIn, limitIn, placeIn, valueIn } from './query.ts'
import type { RefreshList, RefreshListDeps } from './refresh-list.ts'
import { insistOn, may, OpsError, type OpsRoute } from './route.ts'

export interface RefreshRouteDeps extends Pick<ProgressDeps, 'store' | 'records' | 'shards'> {
  readonly list: Pick<RefreshList, 'page' | 'callers'>
  readonly looks: RefreshListDeps['looks']
}

const REFRESHES_PER_PAGE = 50
const MOST_PER_PAGE = 100
const USERS_PER_PAGE = 100

/** What was asked for, by whom, and what became of it. */
export function refreshRoutes(deps: RefreshRouteDeps): OpsRoute[] {
  const { list, looks, records } = deps
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
        return { ...found.progress, failuresByCode: found.failuresByCode, hasUsers: await records.hasUsers(id) }
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
  ]
}

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
