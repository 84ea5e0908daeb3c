import type { OpsRedis } from '@rollcall/roster'
import { formatBytes } from '../../format/bytes.ts'
import { formatDuration } from '../../format/durations.ts'
import { formatCount, formatRate, formatShare } from '../../format/numbers.ts'
import { Card } from '../../ui/card.tsx'
import { Facts } from '../../ui/facts.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { MEMORY_TIGHT } from './thresholds.ts'

export function RedisCard({ redis }: { readonly redis: OpsRedis }) {
  const { isReachable, reason, since, latencyMs, usedMemoryBytes = 0, maxMemoryBytes = 0, uptimeS } = redis
  const { memoryShare = 0 } = redis
  const isTight = memoryShare >= MEMORY_TIGHT
  const fullest = redis.kind === 'cluster' ? 'the fullest master ' : ''
  return (
    <Card
      title="Redis"
      actions={
        <StatusBadge tone={!isReachable ? 'bad' : isTight ? 'warn' : 'good'}>
          {!isReachable ? 'Away' : isTight ? 'Little memory left' : 'Connected'}
        </StatusBadge>
      }
    >
      {reason && (
        <p>
          {reason}
          {since && (
            <>
              , since <RelativeTime at={since} />
            </>
          )}
        </p>
      )}
      <Facts
        facts={[
          redis.usedMemoryBytes !== undefined && {
            name: 'Memory',
            value:
              maxMemoryBytes === 0
                ? `${formatBytes(usedMemoryBytes)}, no bound but the machine’s`
                : `${formatBytes(usedMemoryBytes)} of ${formatBytes(maxMemoryBytes)} (${fullest}${formatShare(memoryShare)})`,
          },
          latencyMs !== undefined && { name: 'Latency', value: formatDuration(latencyMs) },
          redis.commandsPerSecond !== undefined && { name: 'Commands', value: formatRate(redis.commandsPerSecond) },
          redis.clients !== undefined && { name: 'Connections', value: formatCount(redis.clients) },
          uptimeS !== undefined && { name: 'Up for', value: formatDuration(uptimeS * 1000) },
          redis.version !== undefined && { name: 'Version', value: `${redis.version}, ${KINDS[redis.kind]}` },
        ]}
      />
    </Card>
  )
}

const KINDS: Record<OpsRedis['kind'], string> = { one: 'one server', sentinels: 'with Sentinels', cluster: 'a Cluster' }
