import { type ReactNode, useId } from 'react'
import styles from './card.module.css'
import { classes } from './classes.ts'

interface CardProps {
  readonly title?: string
  /** Beside the title: a count, a note. */
  readonly note?: ReactNode
  readonly actions?: ReactNode
  /** Without room around the content: for tables. */
  readonly isFlush?: boolean
  readonly className?: string | undefined
  readonly children: ReactNode
}

export function Card({ title, note, actions, isFlush = false, className, children }: CardProps) {
  const id = useId()
  return (
    <section className={classes(styles.card, className)} {...(title === undefined ? {} : { 'aria-labelledby': id })}>
      {title !== undefined && (
        <header className={styles.head}>
          <h2 id={id}>{title}</h2>
          {note !== undefined && <div className={styles.note}>{note}</div>}
          {actions !== undefined && <div className={styles.actions}>{actions}</div>}
        </header>
      )}
      <div className={isFlush ? styles.flush : styles.body}>{children}</div>
    </section>
  )
}
