import type { OpsRefresh } from '@rollcall/roster'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { ApiError } from '../../data/api-error.ts'
import { refreshQuery } from '../../data/refreshes.ts'
import { formatCount, formatShare } from '../../format/numbers.ts'
import { shortId } from '../../format/short-id.ts'
import { Card } from '../../ui/card.tsx'
import { columnsOf, DataTable } from '../../ui/data-table.tsx'
import { Page } from '../../ui/page.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Sentence } from '../../ui/sentence.tsx'
import { Stat, Stats } from '../../ui/stat.tsx'
import { Empty, ErrorState, Loading } from '../../ui/states.tsx'
import { FailureCodeText } from '../parts/failure-code.tsx'
import { RefreshProgress } from '../parts/refresh-progress.tsx'
import { RefreshState } from '../parts/refresh-state.tsx'
import { RefreshActions } from './refresh-actions.tsx'
import { RefreshUsers } from './refresh-users.tsx'

const route = getRouteApi('/refreshes/$id')

/** One refresh: what was asked for, how far it has come, and what went wrong. */
export function RefreshView() {
  const { id } = route.useParams()
  const refresh = useQuery(refreshQuery(id))
  return (
    <Page
      title={`Refresh ${shortId(id)}`}
      above={<Link to="/refreshes">Refreshes</Link>}
      lead={<code>{id}</code>}
      actions={refresh.data && <RefreshActions key={id} refresh={refresh.data} />}
    >
      {refresh.data ? (
        <KnownRefresh refresh={refresh.data} />
      ) : (
        <Card>
          {refresh.isPending ? (
            <Loading what="the refresh" lines={6} />
          ) : refresh.error instanceof ApiError && refresh.error.status === 404 ? (
            <Empty title="This refresh is not known">{refresh.error.message}</Empty>
          ) : (
            <ErrorState
              title="This refresh cannot be shown"
              error={refresh.error}
              onRetry={() => void refresh.refetch()}
            />
          )}
        </Card>
      )}
    </Page>
  )
}

function KnownRefresh({ refresh }: { readonly refresh: OpsRefresh }) {
  const { caller, domain, acceptedAt, total, updated, changed, errors, pending, failuresByCode, cancelledAt } = refresh
  return (
    <>
      <Card
        title={`Asked for by ${caller}`}
        note={
          <>
            for {domain}, <RelativeTime at={acceptedAt} />
            {cancelledAt !== undefined && (
              <>
                , cancelled <RelativeTime at={cancelledAt} />
              </>
            )}
          </>
        }
        actions={<RefreshState refresh={refresh} />}
      >
        <RefreshProgress refresh={refresh} />
      </Card>
      <Stats>
        <Stat label="Users" value={formatCount(total)} detail="distinct, asked for" />
        <Stat label="Updated" value={formatCount(updated)} detail="fetched well since" />
        <Stat label="Changed" value={formatCount(changed)} detail="with a new roster" />
        <Stat
          label="Failed"
          value={formatCount(errors)}
          detail={total === 0 ? 'of none' : `${formatShare(errors / total)} of all`}
          tone={errors > 0 ? 'bad' : undefined}
        />
        <Stat label="Pending" value={formatCount(pending)} detail="not settled yet" />
      </Stats>
      {failuresByCode.length > 0 && (
        <Card title="Failures by code" isFlush>
          <DataTable label="Failures by code" rows={failuresByCode} columns={columns} rowId={({ code }) => code} />
        </Card>
      )}
      <RefreshUsers refresh={refresh} />
    </>
  )
}

type FailuresOfCode = OpsRefresh['failuresByCode'][number]

const column = columnsOf<FailuresOfCode>()
const columns = [
  column.accessor('code', {
    header: 'Code',
    cell: ({ getValue }) => <FailureCodeText code={getValue()} />,
    meta: { onPhone: 'title' },
  }),
  column.accessor('count', {
    header: 'Users',
    cell: ({ getValue }) => formatCount(getValue()),
    meta: { align: 'end', isNarrow: true },
  }),
  column.accessor('example', {
    header: 'One of them',
    cell: ({ getValue }) => (
      <>
        <bdi>{getValue().username}</bdi>: <Sentence text={getValue().message} />
      </>
    ),
    meta: { onPhone: 'text' },
  }),
]
