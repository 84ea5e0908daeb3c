import type { OpsSnapshot } from '@rollcall/roster'
import { Link } from '@tanstack/react-router'
import { formatCount } from '../../format/numbers.ts'
import { shortId } from '../../format/short-id.ts'
import { Card } from '../../ui/card.tsx'
import { Progress } from '../../ui/progress.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import styles from './overview-view.module.css'

/** Refreshes that are under way; not there when none are. */
export function RunningCard({ running }: { readonly running: OpsSnapshot['running'] }) {
  if (running.length === 0) return null
  return (
    <Card
      title="Running refreshes"
      actions={
        <Link to="/refreshes" search={{ state: 'running' }}>
          All
        </Link>
      }
      isFlush
    >
      <ul className={styles.list}>
        {running.map(({ id, caller, domain, acceptedAt, total, updated, errors }) => (
          <li key={id}>
            <div className={styles.line}>
              <Link to="/refreshes/$id" params={{ id }} className={styles.name}>
                <code title={id}>{shortId(id)}</code>
              </Link>
              <span className={styles.type}>
                {caller}, {domain}, <RelativeTime at={acceptedAt} />
              </span>
            </div>
            <Progress
              label={`Refresh ${id}`}
              done={updated + errors}
              failed={errors}
              total={total}
              text={`${formatCount(updated + errors)} of ${formatCount(total)}${errors > 0 ? `, ${formatCount(errors)} failed` : ''}`}
            />
          </li>
        ))}
      </ul>
    </Card>
  )
}
