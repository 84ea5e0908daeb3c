import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { classes } from './classes.ts'
import { Sparkline } from './sparkline.tsx'
import styles from './stat.module.css'

interface StatProps {
  readonly label: string
  /** As text, with its unit: `12.3/s`. */
  readonly value: ReactNode
  /** Smaller, below: of when it is, or what it is made of. */
  readonly detail?: ReactNode
  /** How it was, the oldest first, where there is room for a line. */
  readonly trend?: readonly (number | null)[] | undefined
  /** Something about it wants a look: say in `detail` what. */
  readonly tone?: 'warn' | 'bad' | undefined
  /** Where the list behind the number is. */
  readonly link?: LinkProps | undefined
}

/** A number that leads to its list. */
export function Stat({ label, value, detail, trend, tone, link }: StatProps) {
  return (
    <div className={classes(styles.stat, tone && styles[tone])}>
      <div className={styles.label}>
        {link ? (
          <Link {...link} className={styles.link}>
            {label}
          </Link>
        ) : (
          label
        )}
      </div>
      <div className={styles.figure}>
        <div className={styles.value}>{value}</div>
        {trend && <Sparkline values={trend} />}
      </div>
      {detail !== undefined && <div className={styles.detail}>{detail}</div>}
    </div>
  )
}

interface StatsProps {
  /** On wide screens five in a row, so that ten make two rows; else as many as fit. */
  readonly isInFives?: boolean
  readonly children: ReactNode
}

export function Stats({ isInFives = false, children }: StatsProps) {
  return <div className={classes(styles.stats, isInFives && styles.fives)}>{children}</div>
}
