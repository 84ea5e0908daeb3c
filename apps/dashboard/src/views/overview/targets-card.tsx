import type { OpsTarget } from '@rollcall/roster'
import { Link } from '@tanstack/react-router'
import { formatDuration } from '../../format/durations.ts'
import { formatCount } from '../../format/numbers.ts'
import { Card } from '../../ui/card.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { type TargetInAll, targetsInAll } from './judge.ts'
import styles from './overview-view.module.css'

/** Who is told of changes, and how far behind they are. */
export function TargetsCard({ targets }: { readonly targets: readonly OpsTarget[] }) {
  return (
    <Card title="Targets" note="who is told of changes" isFlush>
      {targets.length === 0 ? (
        <p className={styles.nothing}>None are configured (TARGETS): changes are stored, and nobody is told.</p>
      ) : (
        <ul className={styles.list}>
          {targetsInAll(targets).map((target) => (
            <Target key={`${target.target} ${target.domain}`} target={target} />
          ))}
        </ul>
      )}
    </Card>
  )
}

function Target({ target }: { readonly target: TargetInAll }) {
  const { tone, word, shards, inState, lagMs, waiting, owed, lastError } = target
  return (
    <li>
      <div className={styles.line}>
        <Link to="/changes" search={{ domain: target.domain }} className={styles.name}>
          {target.target}
        </Link>
        <span className={styles.type}>
          {target.type}, {target.domain}
        </span>
        <span className={styles.badge}>
          <StatusBadge tone={tone}>
            {word}
            {inState < shards && ` in ${inState} of ${shards} shards`}
          </StatusBadge>
        </span>
      </div>
      <div className={styles.numbers}>
        <span>
          <strong>{formatDuration(lagMs)}</strong> behind
        </span>
        <span>
          <strong>{formatCount(waiting)}</strong> {waiting === 1 ? 'change waits' : 'changes wait'}
        </span>
        <span>
          <strong>{formatCount(owed)}</strong> {owed === 1 ? 'user' : 'users'} owed
        </span>
      </div>
      {lastError && (tone === 'bad' || tone === 'warn') && (
        <p className={styles.reason}>
          {lastError.message} (<RelativeTime at={lastError.at} />)
        </p>
      )}
    </li>
  )
}
