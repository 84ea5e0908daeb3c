import { Button } from './button.tsx'
import styles from './load-more.module.css'

interface LoadMoreProps {
  /** What is shown by now, in words: `200 users`. */
  readonly shown: string
  readonly hasMore: boolean
  readonly isLoading: boolean
  readonly onMore: () => void
}

/** Below a list that comes in pages. */
export function LoadMore({ shown, hasMore, isLoading, onMore }: LoadMoreProps) {
  return (
    <div className={styles.more}>
      <span className={styles.shown}>{hasMore ? `${shown}, and more` : `${shown}, that is all`}</span>
      {hasMore && (
        <Button isBusy={isLoading} onClick={onMore}>
          Show more
        </Button>
      )}
    </div>
  )
}
