import type { OpsUser } from '@rollcall/roster'
import { formatCount } from '../../format/numbers.ts'
import { columnsOf, DataTable } from '../../ui/data-table.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Empty } from '../../ui/states.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'

type Delivery = OpsUser['deliveries'][number]

/** What the targets of the domain have been told of this user. */
export function UserDeliveries({ user: { deliveries, domain } }: { readonly user: OpsUser }) {
  if (deliveries.length === 0)
    return (
      <Empty title={`${domain} has no targets`}>
        Targets are the XMPP servers and webhooks that are told of changes; they are set in the configuration.
      </Empty>
    )
  return <DataTable label="Deliveries" rows={deliveries} columns={columns} rowId={(delivery) => delivery.target} />
}

const column = columnsOf<Delivery>()
const columns = [
  column.accessor('target', { header: 'Target', meta: { onPhone: 'title' } }),
  column.display({
    id: 'state',
    header: 'State',
    cell: ({ row }) => <DeliveryState delivery={row.original} />,
    meta: { isNarrow: true, onPhone: 'state' },
  }),
  column.display({
    id: 'version',
    header: 'Version',
    cell: ({ row: { original } }) => (original.last === undefined ? '–' : formatCount(original.last.version)),
    meta: { align: 'end', isNarrow: true },
  }),
  column.display({
    id: 'at',
    header: 'Last attempt',
    cell: ({ row: { original } }) =>
      original.last === undefined ? 'none is remembered' : <RelativeTime at={original.last.at} />,
    meta: { isNarrow: true },
  }),
  column.display({
    id: 'message',
    header: 'What it said',
    cell: ({ row: { original } }) =>
      original.last?.code === undefined ? '–' : `${original.last.code}: ${original.last.message ?? ''}`,
  }),
]

function DeliveryState({ delivery: { isOwed, last } }: { readonly delivery: Delivery }) {
  if (isOwed) return <StatusBadge tone="warn">owed, is tried again</StatusBadge>
  if (last === undefined) return <StatusBadge tone="idle">nothing known</StatusBadge>
  if (last.result === 'arrived') return <StatusBadge tone="good">arrived</StatusBadge>
  return <StatusBadge tone="bad">{last.result}</StatusBadge>
}
