import type { ReactNode } from 'react'
import { classes } from './classes.ts'
import { Icon, type IconName } from './icon.tsx'
import styles from './note.module.css'
import tones from './tones.module.css'

const ICONS = { info: 'info', good: 'good', warn: 'failures', bad: 'failures' } as const satisfies Record<
  string,
  IconName
>

interface NoteProps {
  readonly tone: keyof typeof ICONS
  readonly children: ReactNode
}

/** Sentences that must not be overlooked. Those that tell of something bad are read aloud when they appear. */
export function Note({ tone, children }: NoteProps) {
  return (
    <div className={classes(styles.note, tones[tone])} role={tone === 'bad' ? 'alert' : undefined}>
      <Icon name={ICONS[tone]} />
      <div className={styles.words}>{children}</div>
    </div>
  )
}
