import type { ReactNode } from 'react'
import { classes } from './classes.ts'
import { Icon, type IconName } from './icon.tsx'
import styles from './status-badge.module.css'
import tones from './tones.module.css'

export type Tone = 'good' | 'warn' | 'bad' | 'idle' | 'busy'

const ICONS: Record<Tone, IconName> = { good: 'good', warn: 'failures', bad: 'bad', idle: 'idle', busy: 'busy' }

/** A state, in words; colour and icon only help to find it. */
export function StatusBadge({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <span className={classes(styles.badge, tones[tone])}>
      <Icon name={ICONS[tone]} />
      <span>{children}</span>
    </span>
  )
}
