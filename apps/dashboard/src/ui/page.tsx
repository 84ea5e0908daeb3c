import { type ReactNode, useEffect } from 'react'
import styles from './page.module.css'

interface PageProps {
  /** Of the tab, too: `john@example.org · Rollcall`. */
  readonly title: string
  /** Where it is: a link to the list above. */
  readonly above?: ReactNode
  /** A sentence under the title. */
  readonly lead?: ReactNode
  /** Controls that concern all of it. */
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** One view: its heading, and what is in it. */
export function Page({ title, above, lead, actions, children }: PageProps) {
  useTitle(title)
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <div className={styles.words}>
          {above && <div className={styles.above}>{above}</div>}
          <h1>{title}</h1>
          {lead && <div className={styles.lead}>{lead}</div>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  )
}

/** Of the tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Rollcall`
  }, [title])
}
