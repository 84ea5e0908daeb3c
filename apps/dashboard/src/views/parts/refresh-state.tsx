import type { OpsRefreshRow } from '@rollcall/roster'
import { StatusBadge } from '../../ui/status-badge.tsx'

type Outcome = Pick<OpsRefreshRow, 'state' | 'total' | 'errors' | 'cancelledAt'>

export function RefreshState({ refresh: { state, total, errors, cancelledAt } }: { readonly refresh: Outcome }) {
  if (state === 'running') return <StatusBadge tone="busy">running</StatusBadge>
  if (cancelledAt !== undefined) return <StatusBadge tone="idle">cancelled</StatusBadge>
  if (errors === 0) return <StatusBadge tone="good">done</StatusBadge>
  if (errors === total) return <StatusBadge tone="bad">all failed</StatusBadge>
  return <StatusBadge tone="warn">done, some failed</StatusBadge>
}
