import type { OpsRefreshRow } from '@rollcall/roster'
import { StatusBadge } from '../../ui/status-badge.tsx'

type Outcome = Pick<OpsRefreshRow, 'total' | 'errors'> & { readonly state: string }

export function RefreshState({ refresh: { state, total, errors } }: { readonly refresh: Outcome }) {
  if (state === 'running') return <StatusBadge tone="busy">running</StatusBadge>
  if (state !== 'done') return <StatusBadge tone="idle">{state}</StatusBadge>
  if (errors === 0) return <StatusBadge tone="good">done</StatusBadge>
  if (errors === total) return <StatusBadge tone="bad">all failed</StatusBadge>
  return <StatusBadge tone="warn">done, some failed</StatusBadge>
}
