import { Link } from '@tanstack/react-router'
import { Popover } from 'radix-ui'
import { useId, useState } from 'react'
import { useLive } from '../data/live.tsx'
import { classes } from '../ui/classes.ts'
import { Icon } from '../ui/icon.tsx'
import tones from '../ui/tones.module.css'
import { Troubles } from '../views/parts/troubles.tsx'
import { HEALTH, LOST } from './health.ts'
import styles from './health-pill.module.css'
import { useLiveWords } from './use-live-words.ts'

/** Whether Rollcall is well; opened, it says why not. */
export function HealthPill() {
  const health = useLive(({ snapshot }) => snapshot?.health)
  const { isOld } = useLiveWords()
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  if (health === undefined) return null
  const { word, sentence, tone, icon } = isOld ? LOST : HEALTH[health.status]
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger className={classes(styles.pill, tones[tone])}>
        <Icon name={icon} />
        <span className={styles.word}>{word}</span>
        {health.troubles.length > 1 && (
          <span className={styles.count}>
            {health.troubles.length}
            <span className="visually-hidden"> reasons</span>
          </span>
        )}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={styles.reasons}
          align="end"
          sideOffset={8}
          collisionPadding={8}
          aria-labelledby={id}
        >
          <h2 id={id}>{sentence}</h2>
          {isOld && <p>As it was last: {HEALTH[health.status].sentence}</p>}
          {health.troubles.length > 0 && <Troubles troubles={health.troubles} onLeave={() => setOpen(false)} />}
          <Popover.Close asChild>
            <Link to="/">Overview</Link>
          </Popover.Close>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}
