import type { OpsRefresh, OpsRefreshUserState, OpsRefreshUsers } from '@rollcall/roster'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { refreshUsersQuery } from '../../data/refreshes.ts'
import { formatCount, formatCountOf } from '../../format/numbers.ts'
import { Card } from '../../ui/card.tsx'
import { columnsOf, DataTable } from '../../ui/data-table.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { Sentence } from '../../ui/sentence.tsx'
import { Empty, ErrorState, Loading } from '../../ui/states.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { FailureCodeText } from '../parts/failure-code.tsx'
import { UserLink } from '../parts/user-link.tsx'

const route = getRouteApi('/refreshes/$id')

/** Its users by what came of them. */
export function RefreshUsers({ refresh }: { readonly refresh: OpsRefresh }) {
  const { id, hasUsers, updated, errors, pending } = refresh
  const { state = firstTabOf(refresh) } = route.useSearch()
  const navigate = useNavigate({ from: '/refreshes/$id' })
  if (!hasUsers)
    return (
      <Card title="Users">
        <Empty title="Its users are no longer known">
          They are kept while a refresh runs, and after it when it was small or some failed.
        </Empty>
      </Card>
    )
  const tab = (value: OpsRefreshUserState, label: string, count: number) => ({
    value,
    label: `${label} (${formatCount(count)})`,
    content: <UsersOfState key={value} id={id} state={value} count={count} isRunning={refresh.state === 'running'} />,
  })
  return (
    <Card isFlush>
      <Tabs
        isFlush
        label="Users by what came of them"
        value={state}
        onChange={(next) => void navigate({ search: { state: next }, replace: true })}
        tabs={[tab('failed', 'Failed', errors), tab('pending', 'Pending', pending), tab('updated', 'Updated', updated)]}
      />
    </Card>
  )
}

const firstTabOf = ({ errors, pending }: OpsRefresh): OpsRefreshUserState =>
  errors > 0 ? 'failed' : pending > 0 ? 'pending' : 'updated'

interface UsersOfStateProps {
  readonly id: string
  readonly state: OpsRefreshUserState
  readonly count: number
  readonly isRunning: boolean
}

function UsersOfState({ id, state, count, isRunning }: UsersOfStateProps) {
  const found = useInfiniteQuery({ ...refreshUsersQuery(id, state, isRunning), enabled: count > 0 })
  const users = found.data?.pages.flatMap((page) => page.users) ?? []
  if (count === 0 && users.length === 0) return <Empty title={NONE[state]} />
  if (found.isPending) return <Loading what="users" />
  if (found.isError && users.length === 0)
    return <ErrorState title="Its users cannot be listed" error={found.error} onRetry={() => void found.refetch()} />
  if (users.length === 0 && !found.hasNextPage)
    return <Empty title={state === 'failed' ? 'Who failed has been fetched well since' : NONE[state]} />
  return (
    <>
      <DataTable
        label="Users of the refresh"
        rows={users}
        columns={state === 'failed' ? failedColumns : columns}
        rowId={(user) => user.jid}
      />
      <LoadMore
        shown={formatCountOf(users.length, 'user')}
        hasMore={found.hasNextPage}
        isLoading={found.isFetchingNextPage}
        onMore={() => void found.fetchNextPage()}
      />
    </>
  )
}

const NONE = {
  failed: 'None of its users has failed',
  pending: 'All of its users are settled',
  updated: 'None of its users has been fetched well yet',
} as const satisfies Record<OpsRefreshUserState, string>

type UserOfRefresh = OpsRefreshUsers['users'][number]

const column = columnsOf<UserOfRefresh>()
const columns = [
  column.accessor('jid', {
    header: 'User',
    cell: ({ getValue }) => <UserLink jid={getValue()} isCell />,
    meta: { onPhone: 'title' },
  }),
]
const failedColumns = [
  ...columns,
  column.accessor('code', {
    header: 'Code',
    cell: ({ row: { original } }) => original.code && <FailureCodeText code={original.code} />,
  }),
  column.accessor('message', {
    header: 'Message',
    cell: ({ getValue }) => <Sentence text={getValue() ?? ''} />,
    meta: { onPhone: 'text' },
  }),
]
