import type { OpsSnapshot } from '@rollcall/roster'
import { Link } from '@tanstack/react-router'
import { meaningOf } from '../../format/failure-codes.ts'
import { formatCountOf, formatShare } from '../../format/numbers.ts'
import { Card } from '../../ui/card.tsx'
import styles from './overview-view.module.css'

/** Why users failed, of those that settled lately: who fails again is counted again, so these are not as many users. */
export function ErrorsCard({ errors }: { readonly errors: OpsSnapshot['errors'] }) {
  return (
    <Card title="Errors by code" note="last 5 minutes" isFlush>
      {errors.length === 0 ? (
        <p className={styles.nothing}>No user has failed.</p>
      ) : (
        <ul className={styles.list}>
          {errors.map(({ code, count, share }) => (
            <li key={code}>
              <div className={styles.line}>
                <Link to="/failures" search={{ code }} className={styles.name}>
                  {code}
                </Link>
                <span className={`${styles.numbers} ${styles.badge}`}>
                  <span>{formatCountOf(count, 'time')}</span>
                  <strong>{formatShare(share)}</strong>
                </span>
              </div>
              <p className={styles.reason}>{meaningOf(code)}</p>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
