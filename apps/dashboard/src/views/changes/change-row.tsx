import type { OpsChange } from '@rollcall/roster'
import { memo } from 'react'
import { formatCount } from '../../format/numbers.ts'
import { ChangeView } from '../../roster/diff-view.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { UserLink } from '../parts/user-link.tsx'
import styles from './change-row.module.css'

/** More of one change stand at the user. */
const MOST_LINES = 6

/** Up to 500 of them are on the page, and four times a second there may be new ones: an old one does not render again. */
export const ChangeRow = memo(({ change }: { readonly change: OpsChange }) => (
  <li className={styles.row}>
    <div className={styles.head}>
      <UserLink jid={change.user} />
      <span className={styles.when}>
        version {formatCount(change.version)}, <RelativeTime at={change.at} />
      </span>
    </div>
    <ChangeView change={change} most={MOST_LINES} />
  </li>
))
