import type { OpsFailureGroup } from '@rollcall/roster'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { failuresQuery } from '../../data/failures.ts'
import { formatCount, formatCountOf } from '../../format/numbers.ts'
import { present } from '../../search.ts'
import { Card } from '../../ui/card.tsx'
import { byNumbersInIt, columnsOf, DataTable } from '../../ui/data-table.tsx'
import { Filters } from '../../ui/field.tsx'
import { Page } from '../../ui/page.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Sentence } from '../../ui/sentence.tsx'
import { Empty, ErrorState, Loading } from '../../ui/states.tsx'
import { Choice } from '../parts/choice.tsx'
import { DomainSelect } from '../parts/domain-select.tsx'
import { FailureCodeText } from '../parts/failure-code.tsx'
import { UserLink } from '../parts/user-link.tsx'
import { FailedUsers } from './failed-users.tsx'
import { FailureActions } from './failure-actions.tsx'
import styles from './failures-view.module.css'
import { HeldRosters } from './held-rosters.tsx'
import { type Retried, RetryProgress } from './retry-progress.tsx'

const route = getRouteApi('/failures')

/** Whose last fetch failed, by why and at whose backend. */
export function FailuresView() {
  const { sort, ...filter } = route.useSearch()
  const navigate = useNavigate({ from: '/failures' })
  const failures = useQuery(failuresQuery(filter))
  const everything = useQuery(failuresQuery({}))
  const [retried, setRetried] = useState<readonly Retried[]>([])
  const { onRetried, groupColumns } = useMemo(() => {
    const onRetried = (one: Retried) => setRetried((before) => [one, ...before])
    // The same as long as the view is there: the table takes another function for another cell, and closes its dialog.
    return { onRetried, groupColumns: [...columns, actionsColumn(onRetried)] }
  }, [])
  const isFiltered = filter.code !== undefined || filter.domain !== undefined
  const { groups = [], total = 0 } = failures.data ?? {}
  const codes = [...new Set(everything.data?.groups.map((group) => group.code))].sort()

  return (
    <Page
      title="Failures"
      lead="Users whose last fetch failed; what was stored before is still served."
      actions={total > 0 && <FailureActions filter={filter} count={total} onRetried={onRetried} />}
    >
      <HeldRosters domain={filter.domain} />
      {retried.map((one) => (
        <RetryProgress
          key={one.refreshes[0]}
          retried={one}
          onClose={() => setRetried((before) => before.filter((other) => other !== one))}
        />
      ))}
      <Filters>
        <Choice
          label="Code"
          value={filter.code}
          none="All codes"
          options={codes}
          onChange={(code) => void navigate({ search: (now) => present({ ...now, code }) })}
        />
        <DomainSelect
          value={filter.domain}
          none="All domains"
          onChange={(domain) => void navigate({ search: (now) => present({ ...now, domain }) })}
        />
        {isFiltered && (
          <Link to="/failures" className={styles.clear}>
            Show all
          </Link>
        )}
      </Filters>
      <Card
        title={total === 0 ? 'Groups' : `${formatCountOf(total, 'user')} in ${formatCountOf(groups.length, 'group')}`}
        isFlush
      >
        {failures.isPending ? (
          <Loading what="failures" />
        ) : failures.isError && failures.data === undefined ? (
          <ErrorState
            title="The failures cannot be listed"
            error={failures.error}
            onRetry={() => void failures.refetch()}
          />
        ) : groups.length === 0 ? (
          <NoFailures isFiltered={isFiltered} />
        ) : (
          <div className={failures.isPlaceholderData ? styles.old : undefined}>
            <DataTable
              label="Groups of failures"
              rows={groups}
              columns={groupColumns}
              rowId={({ code, domain }) => `${code} ${domain}`}
              sort={sort}
              onSort={(next) => void navigate({ search: (now) => present({ ...now, sort: next }), replace: true })}
            />
          </div>
        )}
      </Card>
      {isFiltered && groups.length > 0 && <FailedUsers filter={filter} count={total} />}
    </Page>
  )
}

function NoFailures({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered)
    return (
      <Empty title="Nobody has failed like that">
        <Link to="/failures">Show all failures</Link>
      </Empty>
    )
  return (
    <Empty title="Nobody’s last fetch has failed">
      Who fails comes to be here at once, and leaves when a fetch goes well. Nothing is to be done.
    </Empty>
  )
}

const column = columnsOf<OpsFailureGroup>()
const columns = [
  column.accessor('code', {
    header: 'Code',
    cell: ({ row: { original } }) => (
      <>
        <FailureCodeText code={original.code} />
        {original.mostPerShard !== undefined && (
          <p className={styles.more}>
            Of names that were never known, each shard keeps the newest {formatCount(original.mostPerShard)}.
          </p>
        )}
      </>
    ),
    meta: { onPhone: 'title' },
  }),
  column.accessor('domain', { header: 'Domain', sortFn: byNumbersInIt, meta: { isNarrow: true } }),
  column.accessor('count', {
    header: 'Users',
    cell: ({ row: { original } }) => (
      <Link to="/failures" search={{ code: original.code, domain: original.domain }}>
        {formatCount(original.count)}
      </Link>
    ),
    meta: { align: 'end', isNarrow: true },
  }),
  column.accessor('firstAt', {
    header: 'First and last',
    cell: ({ row: { original } }) => (
      <span className={styles.times}>
        <RelativeTime at={original.firstAt} />
        <RelativeTime at={original.lastAt} />
      </span>
    ),
    meta: { isNarrow: true },
  }),
  column.accessor('example', {
    header: 'The last one',
    enableSorting: false,
    cell: ({ getValue }) => (
      <>
        <UserLink jid={getValue().jid} />: <Sentence text={getValue().message} />
      </>
    ),
    meta: { onPhone: 'text' },
  }),
]

const actionsColumn = (onRetried: (retried: Retried) => void) =>
  column.display({
    id: 'actions',
    header: () => <span className="visually-hidden">Actions</span>,
    cell: ({ row: { original } }) => (
      <FailureActions
        filter={{ code: original.code, domain: original.domain }}
        count={original.count}
        onRetried={onRetried}
        isInRow
      />
    ),
    meta: { align: 'end', isNarrow: true, isActions: true },
  })
