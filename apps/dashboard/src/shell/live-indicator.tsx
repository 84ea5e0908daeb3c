import { classes } from '../ui/classes.ts'
import { Tooltip } from '../ui/tooltip.tsx'
import styles from './live-indicator.module.css'
import { useLiveWords } from './use-live-words.ts'

/** Whether what is shown is of now. */
export function LiveIndicator() {
  const { state, age, tone, more } = useLiveWords()
  return (
    <Tooltip text={more}>
      <button type="button" className={classes(styles.live, styles[tone])}>
        <span className={styles.dot} />
        <span className={styles.text}>
          <span aria-live="polite">{state}</span>
          {age && `, ${age}`}
        </span>
      </button>
    </Tooltip>
  )
}
