import type { OpsUser } from '@rollcall/roster'
import { formatCount } from '../../format/numbers.ts'
import { ChangeView } from '../../roster/diff-view.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Empty } from '../../ui/states.tsx'
import styles from './user-changes.module.css'

/** Lines of one change; nobody reads more. */
const MOST_LINES = 12

/** What changed when, the newest first. */
export function UserChanges({ user: { changes, hasOlderChanges } }: { readonly user: OpsUser }) {
  if (changes.length === 0)
    return (
      <Empty title="No change of this roster is in the change log">
        The first fetch is a change, and each that brings something new. The change log keeps the last ones of all
        users.
      </Empty>
    )
  return (
    <>
      <ol className={styles.changes}>
        {changes.map((change) => (
          <li key={change.id} className={styles.change}>
            <div className={styles.when}>
              <RelativeTime at={change.at} />
              <span className={styles.version}>version {formatCount(change.version)}</span>
            </div>
            <ChangeView change={change} most={MOST_LINES} />
          </li>
        ))}
      </ol>
      <p className={styles.end}>
        {hasOlderChanges ? 'There were changes before these; the last 20 are shown.' : 'These are all that are known.'}
      </p>
    </>
  )
}
