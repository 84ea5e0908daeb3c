import type { OpsHistory, OpsSnapshot } from '@rollcall/roster'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { historyQuery } from '../../data/history.ts'
import { formatDuration, formatMeasured } from '../../format/durations.ts'
import { formatCount, formatRate, formatShare, formatShort } from '../../format/numbers.ts'
import { Stat, Stats } from '../../ui/stat.tsx'
import { errorShareOf, sharesOf } from './judge.ts'
import { ERRORS_BAD, ERRORS_MANY, WAIT_BAD_MS, WAIT_LONG_MS } from './thresholds.ts'

/** The numbers that say how it goes, and how they have been in the last hour. */
export function Figures({ snapshot }: { readonly snapshot: OpsSnapshot }) {
  const { rates, latency, errors, openUsers, maxOpenUsers, oldestOpenMs, failedUsers, storedUsers } = snapshot
  const errorShare = errorShareOf(errors)
  const { data: history } = useQuery(historyQuery('1h'))
  const past = useMemo(() => history && trendsOf(history), [history])
  return (
    <Stats isInFives>
      <Stat
        label="Refreshes"
        value={formatRate(rates.refreshesPerSecond)}
        trend={past?.refreshes}
        link={{ to: '/refreshes' }}
        detail="last minute"
      />
      <Stat
        label="Users settled"
        value={formatRate(rates.usersPerSecond)}
        trend={past?.users}
        link={{ to: '/refreshes', search: { state: 'running' } }}
        detail={`${formatRate(rates.changedPerSecond)} changed`}
      />
      <Stat
        label="Notice to settled, p50"
        value={formatMeasured(latency.p50Ms)}
        trend={past?.p50Ms}
        link={{ to: '/refreshes' }}
        detail={`p95 ${formatMeasured(latency.p95Ms)}`}
      />
      <Stat
        label="Notice to settled, p99"
        value={formatMeasured(latency.p99Ms)}
        trend={past?.p99Ms}
        link={{ to: '/refreshes' }}
        detail="last 5 minutes"
      />
      <Stat
        label="Oldest wait"
        value={oldestOpenMs === 0 ? 'none' : formatDuration(oldestOpenMs)}
        trend={past?.oldestOpenMs}
        link={{ to: '/queues' }}
        tone={oldestOpenMs >= WAIT_BAD_MS ? 'bad' : oldestOpenMs >= WAIT_LONG_MS ? 'warn' : undefined}
        detail="asked for, not settled"
      />
      <Stat
        label="Users waiting"
        value={formatShort(openUsers)}
        trend={past?.openUsers}
        link={{ to: '/queues' }}
        tone={openUsers >= maxOpenUsers ? 'bad' : undefined}
        detail={
          openUsers >= maxOpenUsers
            ? 'full: refreshes are refused'
            : `${formatShare(openUsers / maxOpenUsers)} of the most`
        }
      />
      <Stat
        label="Error share"
        value={formatShare(errorShare)}
        trend={past?.failedShare}
        link={{ to: '/failures' }}
        tone={errorShare >= ERRORS_BAD ? 'bad' : errorShare >= ERRORS_MANY ? 'warn' : undefined}
        detail={`last 5 minutes; now ${formatRate(rates.failedPerSecond)}`}
      />
      <Stat
        label="Failed users"
        value={formatShort(failedUsers)}
        link={{ to: '/failures' }}
        detail="whose last fetch failed"
      />
      <Stat label="Stored users" value={formatCount(storedUsers)} link={{ to: '/users' }} detail="with a roster" />
      <Stat
        label="Rosters read"
        value={formatRate(rates.readsPerSecond)}
        trend={past?.reads}
        detail="by servers and others"
      />
    </Stats>
  )
}

/** Without the step that runs: of that little is known, and a line that ends in a leap says nothing. */
function trendsOf({ refreshes, users, failed, reads, latency, oldestOpenMs, openUsers }: OpsHistory) {
  const ended = <Value,>(values: readonly Value[]) => values.slice(0, -1)
  return {
    refreshes: ended(refreshes),
    users: ended(users),
    reads: ended(reads),
    failedShare: ended(sharesOf(failed, users)),
    p50Ms: ended(latency.p50Ms),
    p99Ms: ended(latency.p99Ms),
    oldestOpenMs: ended(oldestOpenMs),
    openUsers: ended(openUsers),
  }
}
