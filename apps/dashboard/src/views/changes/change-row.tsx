import type { OpsChange } from '@rollcall/roster'
import { memo, useState } from 'react'
import { formatCount } from '../../format/numbers.ts'
import { ChangeView } from '../../roster/diff-view.tsx'
import { classes } from '../../ui/classes.ts'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { UserLink } from '../parts/user-link.tsx'
import styles from './change-row.module.css'

/** More of one change stand at the user. */
const MOST_LINES = 6

/** A change that is as young when it comes up shows that it is new. */
const NEW_FOR_MS = 5000

/** Up to 500 of them are on the page, and four times a second there may be new ones: an old one does not render again. */
export const ChangeRow = memo(({ change }: { readonly change: OpsChange }) => {
  const [isNew] = useState(() => Date.now() - Date.parse(change.at) < NEW_FOR_MS)
  return (
    <li className={classes(styles.row, isNew && styles.new)}>
      <div className={styles.head}>
        <UserLink jid={change.user} />
        <span className={styles.when}>
          version {formatCount(change.version)}, <RelativeTime at={change.at} />
        </span>
      </div>
      <ChangeView change={change} most={MOST_LINES} />
    </li>
  )
})
