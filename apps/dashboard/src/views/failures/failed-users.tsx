import type { OpsFailedUsers } from '@rollcall/roster'
import { useInfiniteQuery } from '@tanstack/react-query'
import { type FailureFilter, failedUsersQuery } from '../../data/failures.ts'
import { formatCount, formatCountOf } from '../../format/numbers.ts'
import { Card } from '../../ui/card.tsx'
import { columnsOf, DataTable } from '../../ui/data-table.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Sentence } from '../../ui/sentence.tsx'
import { Empty, ErrorState, Loading } from '../../ui/states.tsx'
import { UserLink } from '../parts/user-link.tsx'

interface FailedUsersProps {
  readonly filter: FailureFilter
  readonly count: number
}

/** Who it is that failed, the last one first. */
export function FailedUsers({ filter, count }: FailedUsersProps) {
  const found = useInfiniteQuery(failedUsersQuery(filter))
  const users = found.data?.pages.flatMap((page) => page.users) ?? []
  return (
    <Card title="Users" note={`all ${formatCount(count)} that match`} isFlush>
      {found.isPending ? (
        <Loading what="users" />
      ) : found.isError && users.length === 0 ? (
        <ErrorState title="The users cannot be listed" error={found.error} onRetry={() => void found.refetch()} />
      ) : users.length === 0 ? (
        <Empty title="Nobody is failed like that any more" />
      ) : (
        <>
          <DataTable label="Failed users" rows={users} columns={columns} rowId={(user) => user.jid} />
          <LoadMore
            shown={formatCountOf(users.length, 'user')}
            hasMore={found.hasNextPage}
            isLoading={found.isFetchingNextPage}
            onMore={() => void found.fetchNextPage()}
          />
        </>
      )}
    </Card>
  )
}

const column = columnsOf<OpsFailedUsers['users'][number]>()
const columns = [
  column.accessor('jid', {
    header: 'User',
    cell: ({ getValue }) => <UserLink jid={getValue()} isCell />,
    meta: { onPhone: 'title' },
  }),
  column.accessor('code', {
    header: 'Code',
    cell: ({ getValue }) => <code>{getValue()}</code>,
    meta: { isNarrow: true },
  }),
  column.accessor('message', {
    header: 'Message',
    cell: ({ getValue }) => <Sentence text={getValue()} />,
    meta: { onPhone: 'text' },
  }),
  column.accessor('at', {
    header: 'Failed',
    cell: ({ getValue }) => <RelativeTime at={getValue()} />,
    meta: { isNarrow: true },
  }),
  column.accessor('nextRepairAt', {
    header: 'Is fetched again',
    cell: ({ row: { original } }) =>
      original.nextRepairAt === undefined ? 'when asked for' : <RelativeTime at={original.nextRepairAt} />,
    meta: { isNarrow: true },
  }),
]
