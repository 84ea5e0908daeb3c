import type { OpsRefreshRow } from '@rollcall/roster'
import { formatCount } from '../../format/numbers.ts'
import { Progress } from '../../ui/progress.tsx'

type Counts = Pick<OpsRefreshRow, 'total' | 'pending' | 'errors'>

/** How far a refresh has come, failures apart. */
export function RefreshProgress({
  refresh,
  isCompact = false,
}: {
  readonly refresh: Counts
  readonly isCompact?: boolean
}) {
  const { total, pending, errors } = refresh
  return (
    <Progress
      label={`Refresh of ${formatCount(total)} users`}
      done={total - pending}
      failed={errors}
      total={total}
      text={`${formatCount(total - pending)} of ${formatCount(total)}`}
      isCompact={isCompact}
    />
  )
}
