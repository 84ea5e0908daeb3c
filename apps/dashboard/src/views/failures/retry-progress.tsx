import type { OpsRetry } from '@rollcall/roster'
import { useQueries, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { refreshQuery } from '../../data/refreshes.ts'
import { formatCount, formatCountOf } from '../../format/numbers.ts'
import { shortId } from '../../format/short-id.ts'
import { IconButton } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Progress } from '../../ui/progress.tsx'
import { ErrorState } from '../../ui/states.tsx'
import styles from './retry-progress.module.css'

export interface Retried extends OpsRetry {
  /** ` with backend-timeout at example.org`; empty: all. */
  readonly who: string
}

/** Links to so many refreshes; the others are in the list of refreshes. */
const MOST_LINKS = 5

/** Of so many that have not ended, the first ones, the progress is asked for: a million users are a hundred refreshes. */
const MOST_WATCHED = 8

interface RetryProgressProps {
  readonly retried: Retried
  readonly onClose: () => void
}

/** How far those who are asked for again have come: their refreshes, as one. */
export function RetryProgress({ retried: { users, refreshes, who }, onClose }: RetryProgressProps) {
  const client = useQueryClient()
  const going = refreshes.filter((id) => hasNotEnded(client.getQueryData(refreshQuery(id).queryKey)))
  const watched = new Set(going.slice(0, MOST_WATCHED))
  const { done, failed, isDone, error } = useQueries({
    queries: refreshes.map((id) => ({ ...refreshQuery(id), enabled: watched.has(id) })),
    combine: together,
  })
  // The list below says at once what came of it.
  useEffect(() => {
    if (isDone) void client.invalidateQueries({ queryKey: ['failures'] })
  }, [isDone, client])
  const title = `${isDone ? 'Retried' : 'Retrying'} ${formatCountOf(users, 'user')}${who}`
  return (
    <Card title={title} actions={<IconButton icon="close" label="Close" onClick={onClose} />}>
      <div className={styles.words} role="status">
        <Progress
          label={title}
          done={done}
          failed={failed}
          total={users}
          text={`${formatCount(done)} of ${formatCount(users)}`}
        />
        {isDone && <p>{cameOf(failed, users)}</p>}
        {error && <ErrorState title="Its progress is not known now" error={error} />}
        <p className={styles.refreshes}>
          {refreshes.length === 1 ? 'Refresh' : 'Refreshes'}
          {refreshes.slice(0, MOST_LINKS).map((id) => (
            <Link key={id} to="/refreshes/$id" params={{ id }}>
              <code>{shortId(id)}</code>
            </Link>
          ))}
          {refreshes.length > MOST_LINKS && (
            <Link to="/refreshes">and {formatCount(refreshes.length - MOST_LINKS)} more</Link>
          )}
        </p>
      </div>
    </Card>
  )
}

function cameOf(failed: number, all: number): string {
  if (failed === 0) return 'All went well.'
  return failed === all ? 'All failed again.' : `${formatCount(failed)} failed again, the others went well.`
}

interface Watched {
  readonly data?:
    | { readonly state: string; readonly total: number; readonly pending: number; readonly errors: number }
    | undefined
  readonly error: Error | null
}

const together = (refreshes: readonly Watched[]) => ({
  done: refreshes.reduce((sum, { data }) => sum + (data ? data.total - data.pending : 0), 0),
  failed: refreshes.reduce((sum, { data }) => sum + (data?.errors ?? 0), 0),
  isDone: refreshes.every(({ data }) => !hasNotEnded(data)),
  error: refreshes.find(({ data, error }) => data === undefined && error !== null)?.error,
})

const hasNotEnded = (refresh: { readonly state: string } | undefined): boolean =>
  refresh === undefined || refresh.state === 'running'
