import type { OpsUser } from '@rollcall/roster'
import { formatCount } from '../../format/numbers.ts'
import { columnsOf, DataTable } from '../../ui/data-table.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Empty } from '../../ui/states.tsx'
import { StatusBadge, type Tone } from '../../ui/status-badge.tsx'

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
  column.accessor('target', { header: 'Target', meta: { onPhone: 'title', isNarrow: true } }),
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
    cell: ({ row }) => saidOf(row.original),
  }),
]

/** What keeps him waiting now, or what came of his last attempt. */
function saidOf({ isWaiting, trouble, last }: Delivery): string {
  const said = isWaiting && trouble ? trouble : last
  return said?.code === undefined ? '–' : `${said.code}: ${said.message ?? ''}`
}

/** Why he waits, by how the target does. */
const WAITS: Record<Delivery['state'], { readonly tone: Tone; readonly word: string }> = {
  following: { tone: 'busy', word: 'waits for his turn' },
  reconciling: { tone: 'busy', word: 'waits for his turn' },
  unavailable: { tone: 'bad', word: 'waits: the target takes nothing' },
  disabled: { tone: 'bad', word: 'waits: the target is disabled' },
  unserved: { tone: 'bad', word: 'waits: no gateway tells it' },
}

const CAME: Record<NonNullable<Delivery['last']>['result'], { readonly tone: Tone; readonly word: string }> = {
  arrived: { tone: 'good', word: 'arrived' },
  failed: { tone: 'bad', word: 'failed, is tried again' },
  rejected: { tone: 'bad', word: 'not taken' },
  owed: { tone: 'warn', word: 'owed, is tried again' },
}

function DeliveryState({ delivery: { state, isWaiting, isOwed, last } }: { readonly delivery: Delivery }) {
  if (isOwed) return <StatusBadge tone={CAME.owed.tone}>{CAME.owed.word}</StatusBadge>
  const { tone, word } = isWaiting ? WAITS[state] : last ? CAME[last.result] : NOTHING_WAITS
  return <StatusBadge tone={tone}>{word}</StatusBadge>
}

const NOTHING_WAITS = { tone: 'idle', word: 'nothing waits' } as const
