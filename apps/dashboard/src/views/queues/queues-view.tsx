import type { OpsQueue } from '@rollcall/roster'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useLive } from '../../data/live.tsx'
import { formatDuration } from '../../format/durations.ts'
import { formatCount, formatRate } from '../../format/numbers.ts'
import { present } from '../../search.ts'
import { Card } from '../../ui/card.tsx'
import { columnsOf, DataTable } from '../../ui/data-table.tsx'
import { Page } from '../../ui/page.tsx'
import { Stat, Stats } from '../../ui/stat.tsx'
import { Empty, Loading } from '../../ui/states.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { Jobs } from './jobs.tsx'
import { QueueActions } from './queue-actions.tsx'
import styles from './queues-view.module.css'

const route = getRouteApi('/queues')

/** The queue of each shard: what waits, how fast it goes, what bounds it. */
export function QueuesView() {
  const queues = useLive(({ snapshot }) => snapshot?.queues)
  const { shard, sort } = route.useSearch()
  const navigate = route.useNavigate()
  const chosen =
    queues?.find((queue) => String(queue.shard) === shard) ?? (queues?.length === 1 ? queues[0] : undefined)

  return (
    <Page
      title="Queues"
      lead="Each user to be fetched is a job in the queue of its shard."
      actions={queues && queues.length > 0 && <QueueActions queue="all" queues={queues} />}
    >
      {queues === undefined ? (
        <Card>
          <Loading what="the queues" />
        </Card>
      ) : queues.length === 0 ? (
        <Card>
          <Empty title="The queues are not known yet">They are as soon as this api has reached Redis.</Empty>
        </Card>
      ) : (
        <>
          <Totals queues={queues} />
          <Card title={queues.length === 1 ? 'The queue' : 'By shard'} isFlush>
            <DataTable
              label="Queues"
              rows={queues}
              columns={columns}
              rowId={(queue) => String(queue.shard)}
              sort={sort}
              onSort={(next) =>
                void navigate({
                  search: (now) => present({ ...now, sort: next }),
                  replace: true,
                  resetScroll: false,
                })
              }
            />
          </Card>
          {chosen === undefined ? (
            <Card title="Jobs">
              <Empty title="Choose a shard to see its jobs" />
            </Card>
          ) : (
            <Jobs key={chosen.shard} queue={chosen} />
          )}
        </>
      )}
    </Page>
  )
}

function Totals({ queues }: { readonly queues: readonly OpsQueue[] }) {
  const sum = (of: (queue: OpsQueue) => number) => queues.reduce((total, queue) => total + of(queue), 0)
  const paused = queues.filter((queue) => queue.isPaused).length
  const oldest = Math.max(...queues.map((queue) => queue.oldestWaitMs))
  return (
    <Stats>
      <Stat label="Waiting" value={formatCount(sum(waitingOf))} detail="prioritised ones too" />
      <Stat label="Active" value={formatCount(sum((queue) => queue.active))} detail="being fetched now" />
      <Stat label="Done" value={formatRate(sum((queue) => queue.perSecond))} detail="in the last minute" />
      <Stat
        label="Oldest wait"
        value={oldest === 0 ? 'none' : formatDuration(oldest)}
        detail={oldest === 0 ? 'no job waits' : 'of the job that waits longest'}
      />
      <Stat
        label="Paused"
        value={paused === 0 ? 'none' : formatCount(paused)}
        detail={paused === 0 ? 'all shards run' : `of ${formatCount(queues.length)}: their refreshes wait`}
        tone={paused === 0 ? undefined : 'warn'}
      />
    </Stats>
  )
}

const waitingOf = ({ waiting, prioritized }: OpsQueue): number => waiting + prioritized

const column = columnsOf<OpsQueue>()

const number = (name: 'waiting' | 'prioritized' | 'active' | 'delayed' | 'failed', header: string) =>
  column.accessor(name, {
    header,
    cell: ({ getValue }) => formatCount(getValue()),
    meta: { align: 'end', isNarrow: true, onPhone: 'half' },
  })

const columns = [
  column.accessor('shard', {
    header: 'Shard',
    cell: ({ getValue, row: { original } }) => (
      <>
        <Link from="/queues" to="." search={(now) => ({ ...now, shard: String(getValue()) })} resetScroll={false}>
          Shard {getValue()}
        </Link>
        <div className={styles.limits}>{limitsOf(original)}</div>
      </>
    ),
    meta: { onPhone: 'title' },
  }),
  column.accessor('isPaused', {
    header: 'State',
    cell: ({ getValue }) =>
      getValue() ? <StatusBadge tone="warn">paused</StatusBadge> : <StatusBadge tone="good">runs</StatusBadge>,
    meta: { isNarrow: true, onPhone: 'state' },
  }),
  number('waiting', 'Waiting'),
  number('prioritized', 'Prioritised'),
  number('active', 'Active'),
  number('delayed', 'Delayed'),
  number('failed', 'Failed'),
  column.accessor('perSecond', {
    header: 'Rate',
    cell: ({ getValue }) => formatRate(getValue()),
    meta: { align: 'end', isNarrow: true, onPhone: 'half' },
  }),
  column.accessor('oldestWaitMs', {
    header: 'Oldest wait',
    cell: ({ getValue }) => (getValue() === 0 ? '–' : formatDuration(getValue())),
    meta: { align: 'end', isNarrow: true },
  }),
  column.display({
    id: 'actions',
    header: () => <span className="visually-hidden">Actions</span>,
    cell: ({ row: { original } }) => <QueueActions queue={original.shard} queues={[original]} />,
    meta: { align: 'end', isNarrow: true, isActions: true },
  }),
]

/** `at most 7 at a time, 100 in 2 s`; empty: as many as workers take. */
function limitsOf({ globalConcurrency, rateLimit }: OpsQueue): string {
  const limits = [
    globalConcurrency !== null && `${formatCount(globalConcurrency)} at a time`,
    rateLimit !== null && `${formatCount(rateLimit.max)} in ${formatDuration(rateLimit.durationMs)}`,
  ].filter(Boolean)
  return limits.length === 0 ? '' : `at most ${limits.join(', ')}`
}
