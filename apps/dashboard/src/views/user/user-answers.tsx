import type { V1Contact } from '@rollcall/roster'
import { Link } from '@tanstack/react-router'
import type { useCompareUser, useRefreshUser } from '../../data/users.ts'
import { formatDuration } from '../../format/durations.ts'
import { formatCountOf } from '../../format/numbers.ts'
import { DiffView } from '../../roster/diff-view.tsx'
import { Note } from '../../ui/note.tsx'
import { Sentence } from '../../ui/sentence.tsx'
import { FailureCodeText } from '../parts/failure-code.tsx'

/** What came of `Refresh now`. */
export function RefreshNote({ refresh: { data, error } }: { readonly refresh: ReturnType<typeof useRefreshUser> }) {
  if (error) return <Note tone="bad">The refresh was not accepted: {error.message}</Note>
  if (data === undefined) return null
  const [failure] = data.failures
  const more = (
    <Link to="/refreshes/$id" params={{ id: data.refresh }}>
      Open the refresh
    </Link>
  )
  if (data.pending !== undefined)
    return <Note tone="warn">The refresh is still running: the user waits to be fetched. {more}</Note>
  if (failure !== undefined)
    return (
      <Note tone="bad">
        The refresh failed: <Sentence text={failure.message} /> <FailureCodeText code={failure.code} /> {more}
      </Note>
    )
  return (
    <Note tone="good">
      {data.changed > 0 ? 'Refreshed: the roster is a new one now.' : 'Refreshed: nothing has changed.'} {more}
    </Note>
  )
}

interface ComparisonNoteProps {
  readonly compare: ReturnType<typeof useCompareUser>
  readonly stored: readonly V1Contact[] | undefined
}

/** What came of `Compare with backend`: nothing of it is stored. */
export function ComparisonNote({ compare: { data, error }, stored }: ComparisonNoteProps) {
  if (error) return <Note tone="bad">The backend was not asked: {error.message}</Note>
  if (data === undefined) return null
  const took = formatDuration(data.tookMs)
  if (data.kind === 'failed')
    return (
      <Note tone="bad">
        The backend was asked, and that failed after {took}: <Sentence text={data.message} />{' '}
        <FailureCodeText code={data.code} />
      </Note>
    )
  if (data.kind === 'same')
    return <Note tone="good">The backend answered in {took}, with just the roster that is stored.</Note>
  const { added, updated, removed } = data
  return (
    <Note tone="warn">
      <p>
        The backend answered in {took}. Its roster differs from what is stored by{' '}
        {formatCountOf(added.length + updated.length + removed.length, 'contact')}. A refresh would make these changes:
      </p>
      <DiffView diff={data} most={50} before={stored} />
    </Note>
  )
}
