import { useLive } from '../data/live.tsx'
import type { Live } from '../data/live-store.ts'
import { formatDuration } from '../format/durations.ts'
import { classes } from '../ui/classes.ts'
import { Tooltip } from '../ui/tooltip.tsx'
import styles from './live-indicator.module.css'

/** Whether what is shown is of now. */
export function LiveIndicator() {
  const link = useLive((live) => live.link)
  const oldForS = useLive((live) => live.oldForS)
  const { text, tone, more } = wordsOf({ link, oldForS })
  return (
    <Tooltip text={more}>
      <button type="button" className={classes(styles.live, styles[tone])}>
        <span className={styles.dot} />
        <span aria-live="polite" className={styles.text}>
          {text}
        </span>
        <span className="visually-hidden">{more}</span>
      </button>
    </Tooltip>
  )
}

function wordsOf({ link, oldForS }: Pick<Live, 'link' | 'oldForS'>) {
  if (link === 'lost') {
    const since = oldForS === undefined ? '' : `, data is ${formatDuration(oldForS * 1000)} old`
    return {
      text: `Reconnecting${since}`,
      tone: 'bad',
      more: 'The api cannot be reached. What is shown is as it was; this page keeps trying.',
    }
  }
  if (oldForS !== undefined)
    return {
      text: `Data is ${formatDuration(oldForS * 1000)} old`,
      tone: 'warn',
      more: 'The api has said nothing for that long. What is shown is as it was then.',
    }
  if (link === 'connecting') return { text: 'Connecting', tone: 'idle', more: 'Nothing has been heard of the api yet.' }
  return {
    text: 'Live',
    tone: 'good',
    more: 'What is shown follows Rollcall within seconds. It rests while the tab is hidden.',
  }
}
