import { Progress as Radix } from 'radix-ui'
import { classes } from './classes.ts'
import styles from './progress.module.css'

interface ProgressProps {
  /** What of: `Refresh of 2,000 users`. */
  readonly label: string
  readonly done: number
  /** Among `done`: those that failed. */
  readonly failed?: number
  readonly total: number
  /** In words, beside the bar: `1,200 of 2,000`. */
  readonly text?: string
  readonly isCompact?: boolean
}

export function Progress({ label, done, failed = 0, total, text, isCompact = false }: ProgressProps) {
  const percent = (count: number) => (total === 0 ? 0 : Math.min(100, (count / total) * 100))
  return (
    <div className={classes(styles.progress, isCompact && styles.compact)}>
      <Radix.Root
        className={styles.bar}
        value={Math.min(done, total)}
        max={Math.max(total, 1)}
        aria-label={label}
        getValueLabel={() => text ?? `${Math.round(percent(done))} %`}
      >
        <span className={styles.done} style={{ width: `${percent(done - failed)}%` }} />
        <span className={styles.failed} style={{ width: `${percent(failed)}%` }} />
      </Radix.Root>
      {text && <span className={styles.text}>{text}</span>}
    </div>
  )
}
