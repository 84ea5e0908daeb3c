import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'
import styles from './states.module.css'

/** There is nothing, and that is no error: why, and what to do to see something. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className={styles.state}>
      <p className={styles.title}>{title}</p>
      {children && <div className={styles.words}>{children}</div>}
    </div>
  )
}

/** Lines where text will be; said once to screen readers. */
export function Loading({ what, lines = 4 }: { readonly what: string; readonly lines?: number }) {
  return (
    <div className={styles.loading} role="status">
      <span className="visually-hidden">Loading {what}</span>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <span key={line} className={styles.line} />
      ))}
    </div>
  )
}

interface ErrorStateProps {
  /** What could not be done: `The users cannot be listed`. */
  readonly title: string
  /** The message of the api, or of the browser. */
  readonly error: unknown
  readonly onRetry?: (() => void) | undefined
}

export function ErrorState({ title, error, onRetry }: ErrorStateProps) {
  return (
    <div className={styles.state} role="alert">
      <p className={styles.failed}>
        <Icon name="failures" /> {title}
      </p>
      <p className={styles.words}>{error instanceof Error ? error.message : String(error)}</p>
      {onRetry && (
        <Button icon="refreshes" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  )
}
