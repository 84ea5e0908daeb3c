import type { OpsProcess } from '@rollcall/roster'
import { getRouteApi } from '@tanstack/react-router'
import { useLive } from '../../data/live.tsx'
import { formatBytes } from '../../format/bytes.ts'
import { formatCount, formatCountOf, formatRate, formatShare } from '../../format/numbers.ts'
import { grouped } from '../../grouped.ts'
import { present } from '../../search.ts'
import { Card } from '../../ui/card.tsx'
import { byNumbersInIt, columnsOf, DataTable } from '../../ui/data-table.tsx'
import { Note } from '../../ui/note.tsx'
import { Page } from '../../ui/page.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Segments } from '../../ui/segments.tsx'
import { Sentence } from '../../ui/sentence.tsx'
import { Empty, Loading } from '../../ui/states.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import styles from './processes-view.module.css'

const route = getRouteApi('/processes')

const ROLES = ['api', 'worker', 'gateway'] as const

/** Every api, worker and gateway; those that are stuck or silent come first and stand out. */
export function ProcessesView() {
  const processes = useLive(({ snapshot }) => snapshot?.processes)
  const isKnown = useLive(({ snapshot }) => snapshot?.isKnown)
  const areHeard = useLive(({ snapshot }) => snapshot?.redis.reason === undefined)
  const { role, sort } = route.useSearch()
  const navigate = route.useNavigate()
  const shown = processes?.filter((process) => role === undefined || process.role === role)
  return (
    <Page
      title="Processes"
      lead="Heartbeats come every few seconds. A process that ended without a word stays here for two minutes."
      actions={
        <Segments
          label="Role"
          segments={[
            { label: 'All', isChosen: role === undefined, link: linkTo(undefined, sort) },
            ...ROLES.map((one) => ({ label: NAMES[one], isChosen: one === role, link: linkTo(one, sort) })),
          ]}
        />
      }
    >
      <Versions processes={processes ?? []} />
      <Card isFlush>
        {shown === undefined ? (
          <Loading what="the processes" />
        ) : shown.length === 0 ? (
          <Empty title={role === undefined ? 'No process is known.' : `No ${role} is known.`}>
            {!isKnown
              ? 'This api has not been able to read Redis, in which each says that it lives.'
              : !areHeard
                ? 'Each says in Redis that it lives, and that takes no writes now: whether they run is not known.'
                : role === 'gateway'
                  ? 'Gateways tell the targets of changes. Start one when TARGETS are configured.'
                  : 'Each says of itself in Redis that it lives. Look whether they run, and whether they can reach Redis.'}
          </Empty>
        ) : (
          <DataTable
            label="Processes"
            rows={shown}
            columns={COLUMNS}
            rowId={(process) => process.id}
            sort={sort}
            onSort={(next) => void navigate({ search: (now) => present({ ...now, sort: next }), replace: true })}
            rowTone={(process) => (process.state === 'alive' ? undefined : 'bad')}
          />
        )}
      </Card>
    </Page>
  )
}

/** That several versions run is as it should be while one takes the place of another, and not for longer. */
function Versions({ processes }: { readonly processes: readonly OpsProcess[] }) {
  const versions = grouped(
    processes.filter(({ state }) => state !== 'silent'),
    ({ version }) => version,
  )
  if (versions.size < 2) return null
  const counts = Array.from(versions, ([version, { length }]) => `${version} (${formatCount(length)})`)
  return <Note tone="info">Several versions run side by side, as during an update: {counts.join(', ')}.</Note>
}

const NAMES: Record<OpsProcess['role'], string> = { api: 'Apis', worker: 'Workers', gateway: 'Gateways' }

const linkTo = (role: OpsProcess['role'] | undefined, sort: string | undefined) =>
  ({ to: '/processes', search: { ...(role && { role }), ...(sort && { sort }) } }) as const

const STATES = {
  alive: { word: 'Alive', tone: 'good' },
  stuck: { word: 'Stuck', tone: 'bad' },
  silent: { word: 'Silent', tone: 'bad' },
} as const

/** What is in hand, by role. */
const IN_HAND: Record<OpsProcess['role'], readonly [one: string, many: string]> = {
  api: ['caller waits', 'callers wait'],
  worker: ['job', 'jobs'],
  gateway: ['change waits', 'changes wait'],
}

/** `pid 23 on host-1, serves shards 0, 1`. */
const placeOf = ({ pid, host, serves }: OpsProcess): string =>
  `pid ${pid} on ${host}${serves ? `, serves ${serves.length === 1 ? 'shard' : 'shards'} ${serves.join(', ')}` : ''}`

const column = columnsOf<OpsProcess>()

const COLUMNS = column.columns([
  column.accessor('id', {
    header: 'Process',
    meta: { onPhone: 'title' },
    cell: ({ row: { original: process } }) => (
      <>
        <span className={styles.id}>{process.id}</span>
        <div className={styles.more}>{placeOf(process)}</div>
        {process.reasons.map((reason) => (
          <p key={reason} className={styles.reason}>
            <Sentence text={reason} />
          </p>
        ))}
      </>
    ),
  }),
  column.accessor(({ state }) => ['stuck', 'silent', 'alive'].indexOf(state), {
    id: 'state',
    header: 'State',
    meta: { isNarrow: true, onPhone: 'state' },
    cell: ({ row }) => {
      const { word, tone } = STATES[row.original.state]
      return <StatusBadge tone={tone}>{word}</StatusBadge>
    },
  }),
  column.accessor('perSecond', {
    header: 'Does',
    sortUndefined: 'last',
    meta: { align: 'end', isNarrow: true },
    cell: ({ row: { original } }) => (
      <>
        {original.perSecond === undefined ? '–' : formatRate(original.perSecond)}
        {original.inHand !== undefined && (
          <div className={styles.more}>{formatCountOf(original.inHand, ...IN_HAND[original.role])}</div>
        )}
      </>
    ),
  }),
  column.accessor('cpu', {
    header: 'CPU',
    sortUndefined: 'last',
    meta: { align: 'end', isNarrow: true, onPhone: 'half' },
    cell: ({ row }) => (row.original.cpu === undefined ? '–' : formatShare(row.original.cpu)),
  }),
  column.accessor('rssBytes', {
    header: 'Memory',
    sortUndefined: 'last',
    meta: { align: 'end', isNarrow: true, isMinor: true, onPhone: 'half' },
    cell: ({ row }) => (row.original.rssBytes === undefined ? '–' : formatBytes(row.original.rssBytes)),
  }),
  column.accessor(({ startedAt }) => -Date.parse(startedAt), {
    id: 'uptime',
    header: 'Started',
    meta: { align: 'end', isNarrow: true, onPhone: 'half' },
    cell: ({ row }) => <RelativeTime at={row.original.startedAt} />,
  }),
  column.accessor('seenAt', {
    header: 'Heard of',
    meta: { align: 'end', isNarrow: true, onPhone: 'half' },
    cell: ({ row }) => <RelativeTime at={row.original.seenAt} />,
  }),
  column.accessor('version', { header: 'Version', sortFn: byNumbersInIt, meta: { isNarrow: true, isMinor: true } }),
])
