import type { OpsChange } from '@rollcall/roster'
import { memo, useState } from 'react'
import { now } from '../../format/clock.ts'
import { formatCount } from '../../format/numbers.ts'
import { ChangeView } from '../../roster/diff-view.tsx'
import { classes } from '../../ui/classes.ts'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { UserLink } from '../parts/user-link.tsx'
import styles from './change-row.module.css'

interface ChangeRowProps {
  readonly change: OpsChange
  /** So much comes that nothing stands out, and to let each row shine takes a browser's whole time. */
  readonly isBusy?: boolean
}

/** More of one change stand at the user. */
const MOST_LINES = 6

/** A change that is as young when it comes up shows that it is new. */
const NEW_FOR_MS = 5000

/** A hundred of them are on the page, and twice a second there may be new ones: an old one does not render again. */
export const ChangeRow = memo(Row, (before, now) => before.change === now.change)

function Row({ change, isBusy = false }: ChangeRowProps) {
  const [isNew] = useState(() => !isBusy && now() - Date.parse(change.at) < NEW_FOR_MS)
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
}
