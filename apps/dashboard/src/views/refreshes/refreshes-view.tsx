import type { OpsRefreshRow } from '@rollcall/roster'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useLive } from '../../data/live.tsx'
import { refreshesQuery } from '../../data/refreshes.ts'
import { formatCount, formatCountOf } from '../../format/numbers.ts'
import { shortId } from '../../format/short-id.ts'
import { present } from '../../search.ts'
import { Card } from '../../ui/card.tsx'
import { columnsOf, DataTable } from '../../ui/data-table.tsx'
import { Filters } from '../../ui/field.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { Page } from '../../ui/page.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Empty, ErrorState, Loading } from '../../ui/states.tsx'
import { Choice } from '../parts/choice.tsx'
import { DomainSelect } from '../parts/domain-select.tsx'
import { RefreshProgress } from '../parts/refresh-progress.tsx'
import { RefreshState } from '../parts/refresh-state.tsx'
import { REFRESH_STATES } from './refreshes-search.ts'

const route = getRouteApi('/refreshes')

const STATES = {
  running: 'Running',
  done: 'Done',
  failed: 'Done, with failures',
  cancelled: 'Cancelled',
} as const satisfies Record<(typeof REFRESH_STATES)[number], string>

/** Who asked for what, the newest first; those that run, with how far they have come. */
export function RefreshesView() {
  const filter = route.useSearch()
  const navigate = useNavigate({ from: '/refreshes' })
  const found = useInfiniteQuery(refreshesQuery(filter))
  const running = useLive(({ snapshot }) => snapshot?.running)
  const refreshes = useMemo(() => {
    const live = new Map(running?.map((refresh) => [refresh.id, refresh]))
    return (
      found.data?.pages.flatMap((page) => page.refreshes).map((refresh) => newer(refresh, live.get(refresh.id))) ?? []
    )
  }, [found.data, running])
  const callers = found.data?.pages[0]?.callers ?? []
  const choose = (name: 'state' | 'caller' | 'domain') => (value: string | undefined) =>
    void navigate({ search: (now) => present({ ...now, [name]: value }) })

  return (
    <Page
      title="Refreshes"
      lead="Each request to bring rosters up to date: who asked, for how many users, and what came of it."
    >
      <Filters>
        <Choice
          label="State"
          value={filter.state}
          none="All states"
          options={REFRESH_STATES.map((state) => [state, STATES[state]])}
          onChange={choose('state')}
        />
        <Choice label="Caller" value={filter.caller} none="All callers" options={callers} onChange={choose('caller')} />
        <DomainSelect value={filter.domain} none="All domains" onChange={choose('domain')} />
      </Filters>
      <Card isFlush>
        {found.isPending ? (
          <Loading what="refreshes" />
        ) : found.isError && refreshes.length === 0 ? (
          <ErrorState title="The refreshes cannot be listed" error={found.error} onRetry={() => void found.refetch()} />
        ) : refreshes.length === 0 && !found.hasNextPage ? (
          <Empty
            title={Object.keys(filter).length > 0 ? 'No refresh is like that' : 'No refresh has been asked for lately'}
          >
            {Object.keys(filter).length > 0
              ? 'Choose another state, caller or domain.'
              : 'An application asks by POST /roster_admin/refresh. What was asked for stays here for a day, unless set otherwise.'}
          </Empty>
        ) : (
          <>
            <DataTable label="Refreshes" rows={refreshes} columns={columns} rowId={(refresh) => refresh.id} />
            <LoadMore
              shown={formatCountOf(refreshes.length, 'refresh', 'refreshes')}
              hasMore={found.hasNextPage}
              isLoading={found.isFetchingNextPage}
              onMore={() => void found.fetchNextPage()}
            />
          </>
        )}
      </Card>
    </Page>
  )
}

/** The list and what is live come apart: that one which is further. */
const newer = (listed: OpsRefreshRow, live: OpsRefreshRow | undefined): OpsRefreshRow =>
  live !== undefined && listed.state === 'running' && live.pending <= listed.pending ? live : listed

const column = columnsOf<OpsRefreshRow>()
const columns = [
  column.accessor('id', {
    header: 'Refresh',
    cell: ({ getValue }) => (
      <Link to="/refreshes/$id" params={{ id: getValue() }} title={getValue()}>
        <code>{shortId(getValue())}</code>
      </Link>
    ),
    meta: { onPhone: 'title', isNarrow: true },
  }),
  column.accessor('state', {
    header: 'State',
    cell: ({ row: { original } }) =>
      original.state === 'running' ? (
        <RefreshProgress refresh={original} isCompact />
      ) : (
        <RefreshState refresh={original} />
      ),
    meta: { onPhone: 'state' },
  }),
  column.accessor('caller', { header: 'Caller', cell: ({ getValue }) => <bdi>{getValue()}</bdi> }),
  column.accessor('domain', { header: 'Domain' }),
  column.accessor('acceptedAt', {
    header: 'Accepted',
    cell: ({ getValue }) => <RelativeTime at={getValue()} />,
    meta: { isNarrow: true, onPhone: 'half' },
  }),
  column.accessor('total', {
    header: 'Users',
    cell: ({ getValue }) => formatCount(getValue()),
    meta: { align: 'end', isNarrow: true, onPhone: 'half' },
  }),
  column.accessor('changed', {
    header: 'Changed',
    cell: ({ getValue }) => formatCount(getValue()),
    meta: { align: 'end', isNarrow: true, onPhone: 'half' },
  }),
  column.accessor('errors', {
    header: 'Failed',
    cell: ({ getValue }) => formatCount(getValue()),
    meta: { align: 'end', isNarrow: true, onPhone: 'half' },
  }),
]
