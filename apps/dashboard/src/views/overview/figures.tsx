import type { OpsSnapshot } from '@rollcall/roster'
import { formatDuration, formatMeasured } from '../../format/durations.ts'
import { formatCount, formatRate, formatShare, formatShort } from '../../format/numbers.ts'
import { Stat, Stats } from '../../ui/stat.tsx'
import { errorShareOf } from './judge.ts'
import { ERRORS_BAD, ERRORS_MANY, WAIT_BAD_MS, WAIT_LONG_MS } from './thresholds.ts'

/** The numbers that say how it goes. */
export function Figures({ snapshot }: { readonly snapshot: OpsSnapshot }) {
  const { rates, latency, errors, openUsers, maxOpenUsers, oldestOpenMs, failedUsers, storedUsers } = snapshot
  const errorShare = errorShareOf(errors)
  return (
    <Stats isInFives>
      <Stat
        label="Refreshes"
        value={formatRate(rates.refreshesPerSecond)}
        link={{ to: '/refreshes' }}
        detail="last minute"
      />
      <Stat
        label="Users settled"
        value={formatRate(rates.usersPerSecond)}
        link={{ to: '/refreshes', search: { state: 'running' } }}
        detail={`${formatRate(rates.changedPerSecond)} changed`}
      />
      <Stat
        label="Notice to settled, p50"
        value={formatMeasured(latency.p50Ms)}
        link={{ to: '/refreshes' }}
        detail={`p95 ${formatMeasured(latency.p95Ms)}`}
      />
      <Stat
        label="Notice to settled, p99"
        value={formatMeasured(latency.p99Ms)}
        link={{ to: '/refreshes' }}
        detail="last 5 minutes"
      />
      <Stat
        label="Oldest wait"
        value={oldestOpenMs === 0 ? 'none' : formatDuration(oldestOpenMs)}
        link={{ to: '/queues' }}
        tone={oldestOpenMs >= WAIT_BAD_MS ? 'bad' : oldestOpenMs >= WAIT_LONG_MS ? 'warn' : undefined}
        detail="asked for, not settled"
      />
      <Stat
        label="Users waiting"
        value={formatShort(openUsers)}
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
      <Stat label="Rosters read" value={formatRate(rates.readsPerSecond)} detail="by servers and others" />
    </Stats>
  )
}
