import { useInfiniteQuery } from '@tanstack/react-query'
import { type ChangeFilter, olderChangesQuery } from '../../data/changes.ts'
import { keyOf } from '../../data/changes-tail.ts'
import { formatCountOf } from '../../format/numbers.ts'
import { LoadMore } from '../../ui/load-more.tsx'
import { ErrorState, Loading } from '../../ui/states.tsx'
import { ChangeRow } from './change-row.tsx'
import styles from './changes-view.module.css'

interface OlderChangesProps {
  readonly filter: ChangeFilter
  readonly before: string
}

/** The change log back in time, a page at a time. */
export function OlderChanges({ filter, before }: OlderChangesProps) {
  const found = useInfiniteQuery(olderChangesQuery(filter, before))
  const changes = found.data?.pages.flatMap((page) => page.changes) ?? []
  if (found.isPending) return <Loading what="older changes" />
  if (found.isError && changes.length === 0)
    return <ErrorState title="Older changes cannot be read" error={found.error} onRetry={() => void found.refetch()} />
  return (
    <>
      <ol className={styles.rows} aria-label="Older changes">
        {changes.map((change) => (
          <ChangeRow key={keyOf(change)} change={change} />
        ))}
      </ol>
      <LoadMore
        shown={formatCountOf(changes.length, 'older change')}
        hasMore={found.hasNextPage}
        isLoading={found.isFetchingNextPage}
        onMore={() => void found.fetchNextPage()}
      />
    </>
  )
}
