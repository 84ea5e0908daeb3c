import type { OpsAuditEntry } from '@rollcall/roster'
import { useInfiniteQuery } from '@tanstack/react-query'
import { auditQuery } from '../../data/settings.ts'
import { formatCount, formatCountOf } from '../../format/numbers.ts'
import { Card } from '../../ui/card.tsx'
import { columnsOf, DataTable } from '../../ui/data-table.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Empty, ErrorState, Loading } from '../../ui/states.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'

/** Every action of everybody: who, what, when, how many. */
export function Audit() {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(auditQuery)
  const entries = data?.pages.flatMap((page) => page.entries)
  return (
    <Card title="Audit log" note="every action of everybody, the newest first" isFlush>
      {error && !entries ? (
        <ErrorState title="The audit log cannot be read" error={error} onRetry={() => void refetch()} />
      ) : !entries ? (
        <Loading what="the audit log" lines={8} />
      ) : entries.length === 0 ? (
        <Empty title="Nobody has done anything yet.">
          Whoever logs in, retries, drops, pauses or makes a token is written down here, and who was refused.
        </Empty>
      ) : (
        <>
          <DataTable label="Audit log" rows={entries} columns={COLUMNS} rowId={(entry) => entry.id} />
          <LoadMore
            shown={formatCountOf(entries.length, 'entry', 'entries')}
            hasMore={hasNextPage}
            isLoading={isFetchingNextPage}
            onMore={() => void fetchNextPage()}
          />
        </>
      )}
    </Card>
  )
}

const RESULTS = {
  done: { word: 'Done', tone: 'good' },
  refused: { word: 'Refused', tone: 'warn' },
  failed: { word: 'Failed', tone: 'bad' },
} as const

const column = columnsOf<OpsAuditEntry>()

const COLUMNS = column.columns([
  column.accessor('action', {
    header: 'Action',
    meta: { onPhone: 'title' },
    cell: ({ row }) => row.original.action.replaceAll('-', ' '),
  }),
  column.accessor('what', { header: 'What' }),
  column.accessor('who', { header: 'Who' }),
  column.accessor('count', {
    header: 'How many',
    meta: { align: 'end', isNarrow: true, onPhone: 'half' },
    cell: ({ row }) => (row.original.count === undefined ? '–' : formatCount(row.original.count)),
  }),
  column.accessor('result', {
    header: 'Result',
    meta: { isNarrow: true, onPhone: 'state' },
    cell: ({ row }) => {
      const { word, tone } = RESULTS[row.original.result]
      return <StatusBadge tone={tone}>{word}</StatusBadge>
    },
  }),
  column.accessor('at', {
    header: 'When',
    meta: { align: 'end', isNarrow: true, onPhone: 'half' },
    cell: ({ row }) => <RelativeTime at={row.original.at} />,
  }),
])
