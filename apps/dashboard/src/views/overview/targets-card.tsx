import type { OpsTarget } from '@rollcall/roster'
import { Link } from '@tanstack/react-router'
import { now } from '../../format/clock.ts'
import { formatDuration } from '../../format/durations.ts'
import { formatCount } from '../../format/numbers.ts'
import { Card } from '../../ui/card.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { UserLink } from '../parts/user-link.tsx'
import { type TargetInAll, targetsInAll } from './judge-targets.ts'
import styles from './overview-view.module.css'

/** Who is told of changes, and how far behind they are. */
export function TargetsCard({ targets }: { readonly targets: readonly OpsTarget[] }) {
  return (
    <Card title="Targets" note="who is told of changes" isFlush>
      {targets.length === 0 ? (
        <p className={styles.nothing}>None are configured (TARGETS): changes are stored, and nobody is told.</p>
      ) : (
        <ul className={styles.list}>
          {targetsInAll(targets, now()).map((target) => (
            <Target key={`${target.target} ${target.domain}`} target={target} />
          ))}
        </ul>
      )}
    </Card>
  )
}

function Target({ target }: { readonly target: TargetInAll }) {
  const { tone, word, shards, inState, state, lagMs, waiting, owed, rejected } = target
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
        {state !== 'unserved' &&
          state !== 'disabled' && ( // nobody counts them
            <span>
              <strong>{formatCount(waiting)}</strong> {waiting === 1 ? 'change waits' : 'changes wait'}
            </span>
          )}
        <span>
          <strong>{formatCount(owed)}</strong> {owed === 1 ? 'user' : 'users'} owed
        </span>
        {rejected > 0 && (
          <span>
            <strong>{formatCount(rejected)}</strong> {rejected === 1 ? 'time' : 'times'} not taken
          </span>
        )}
      </div>
      <Trouble target={target} />
    </li>
  )
}

/** What is wrong with it, and what becomes of it. */
function Trouble({ target: { target, state, nextAttemptAt, lastError } }: { readonly target: TargetInAll }) {
  if (state === 'unserved') return <p className={styles.reason}>No gateway that lives serves it: start one.</p>
  if (!lastError) return null
  const { user, code, message, at } = lastError
  return (
    <p className={styles.reason}>
      {user !== undefined && (
        <>
          Does not take <UserLink jid={user} />:{' '}
        </>
      )}
      {code}: {message} (<RelativeTime at={at} />)
      {state === 'disabled' && (
        <>
          . It is told nothing until somebody runs <code>npm run targets -- enable {target}</code>
        </>
      )}
      {state === 'unavailable' && nextAttemptAt !== undefined && (
        <>
          ; tried again <RelativeTime at={nextAttemptAt} />
        </>
      )}
    </p>
  )
}
