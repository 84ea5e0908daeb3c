import type { OpsJobRow, OpsJobState, OpsQueue } from '@rollcall/roster'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { jobsQuery } from '../../data/queues.ts'
import { formatCount, formatCountOf } from '../../format/numbers.ts'
import { priorityOf } from '../../format/priorities.ts'
import { present } from '../../search.ts'
import { Card } from '../../ui/card.tsx'
import { columnsOf, DataTable } from '../../ui/data-table.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Sentence } from '../../ui/sentence.tsx'
import { Empty, ErrorState, Loading } from '../../ui/states.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { UserLink } from '../parts/user-link.tsx'
import { JobDialog } from './job-dialog.tsx'
import styles from './jobs.module.css'

const route = getRouteApi('/queues')

/** In the order in which a job goes through them. */
const STATES = [
  ['prioritized', 'Prioritised'],
  ['waiting', 'Waiting'],
  ['active', 'Active'],
  ['delayed', 'Delayed'],
  ['failed', 'Failed'],
] as const satisfies readonly (readonly [OpsJobState, string])[]

/** The jobs of one shard, by state, and any of them as BullMQ keeps it. */
export function Jobs({ queue }: { readonly queue: OpsQueue }) {
  const { state = 'prioritized', job } = route.useSearch()
  const navigate = useNavigate({ from: '/queues' })
  return (
    <Card title={`Jobs of shard ${queue.shard}`} isFlush>
      <Tabs
        isFlush
        label="Jobs by state"
        value={state}
        onChange={(next) =>
          void navigate({ search: (now) => present({ ...now, state: next }), replace: true, resetScroll: false })
        }
        tabs={STATES.map(([value, label]) => ({
          value,
          label: `${label} (${formatCount(queue[value])})`,
          content: <JobsOfState shard={queue.shard} state={value} />,
        }))}
      />
      {job !== undefined && (
        <JobDialog
          shard={queue.shard}
          id={job}
          onClose={() =>
            void navigate({ search: (now) => present({ ...now, job: undefined }), replace: true, resetScroll: false })
          }
        />
      )}
    </Card>
  )
}

function JobsOfState({ shard, state }: { readonly shard: number; readonly state: OpsJobState }) {
  const found = useInfiniteQuery(jobsQuery(shard, state))
  const jobs = found.data?.pages.flatMap((page) => page.jobs) ?? []
  const columns = useMemo(() => columnsOfState(state), [state])
  if (found.isPending) return <Loading what="jobs" />
  if (found.isError && jobs.length === 0)
    return <ErrorState title="The jobs cannot be listed" error={found.error} onRetry={() => void found.refetch()} />
  if (jobs.length === 0) return <Empty title="No job is in this state">{NONE[state]}</Empty>
  return (
    <>
      {state === 'failed' && (
        <p className={styles.hint}>
          The last jobs that failed for good, also of users who have been fetched well since. Who has failed as of now
          stands under <Link to="/failures">Failures</Link>.
        </p>
      )}
      <DataTable label="Jobs" rows={jobs} columns={columns} rowId={(job) => job.id} />
      <LoadMore
        shown={formatCountOf(jobs.length, 'job')}
        hasMore={found.hasNextPage}
        isLoading={found.isFetchingNextPage}
        onMore={() => void found.fetchNextPage()}
      />
    </>
  )
}

const NONE: Readonly<Record<OpsJobState, string>> = {
  prioritized: 'No user waits to be fetched.',
  waiting: 'Jobs are here for a moment only, when a user is put in front of all others.',
  active: 'No worker is fetching a user of this shard now.',
  delayed: 'No fetch waits for its next attempt.',
  failed: 'The last jobs that failed for good would stand here; all of their users are under Failures.',
}

const column = columnsOf<OpsJobRow>()

function columnsOfState(state: OpsJobState) {
  return [
    column.accessor('user', {
      header: 'User',
      cell: ({ getValue }) => {
        const jid = getValue()
        return jid === undefined ? 'not of Rollcall' : <UserLink jid={jid} isCell />
      },
      meta: { onPhone: 'title' },
    }),
    column.accessor('id', {
      header: 'Job',
      cell: ({ getValue }) => (
        <Link from="/queues" to="." search={(now) => ({ ...now, job: getValue() })} resetScroll={false}>
          <code className={styles.id} title={getValue()}>
            {getValue()}
          </code>
        </Link>
      ),
      meta: { onPhone: 'half' },
    }),
    column.accessor('priority', {
      header: 'Priority',
      cell: ({ getValue }) => priorityOf(getValue()),
      meta: { isNarrow: true, onPhone: 'half' },
    }),
    column.accessor('attempt', {
      header: 'Attempts',
      cell: ({ getValue }) => formatCount(getValue()),
      meta: { align: 'end', isNarrow: true, onPhone: 'half' },
    }),
    column.accessor('createdAt', {
      header: 'Made',
      cell: ({ getValue }) => <RelativeTime at={getValue()} />,
      meta: { isNarrow: true, onPhone: 'half' },
    }),
    ...(state === 'delayed'
      ? [
          column.accessor('dueAt', {
            header: 'Due',
            // One that has gone on since it was listed has come due.
            cell: ({ row: { original } }) =>
              original.dueAt === undefined ? 'now' : <RelativeTime at={original.dueAt} />,
            meta: { isNarrow: true, onPhone: 'half' },
          }),
        ]
      : []),
    ...(state === 'failed'
      ? [
          column.accessor('failedReason', {
            header: 'Why',
            cell: ({ row: { original } }) =>
              original.failedReason !== undefined && <Sentence text={original.failedReason} />,
            meta: { onPhone: 'text' },
          }),
        ]
      : []),
  ]
}
