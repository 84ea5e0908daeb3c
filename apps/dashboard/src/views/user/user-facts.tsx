import type { OpsUser } from '@rollcall/roster'
import { formatBytes } from '../../format/bytes.ts'
import { formatCount, formatCountOf } from '../../format/numbers.ts'
import { priorityOf } from '../../format/priorities.ts'
import { Card } from '../../ui/card.tsx'
import { Facts } from '../../ui/facts.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Sentence } from '../../ui/sentence.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { FailureCodeText } from '../parts/failure-code.tsx'
import styles from './user-facts.module.css'

/** What is stored, and how its refreshes go. */
export function UserFacts({ user }: { readonly user: OpsUser }) {
  return (
    <div className={styles.cards}>
      <StoredCard user={user} />
      <RefreshCard user={user} />
    </div>
  )
}

function StoredCard({ user: { stored, shard } }: { readonly user: OpsUser }) {
  if (stored === null)
    return (
      <Card title="Stored roster" note={<StatusBadge tone="idle">none</StatusBadge>}>
        <p>No roster is stored. It is fetched when it is next read or refreshed.</p>
      </Card>
    )
  const state = stored.isStale ? (
    <StatusBadge tone="warn">last good one, the last fetch failed</StatusBadge>
  ) : (
    <StatusBadge tone="good">as last fetched</StatusBadge>
  )
  return (
    <Card title="Stored roster" note={state}>
      <Facts
        facts={[
          { name: 'Fetched', value: <RelativeTime at={stored.fetchedAt} /> },
          { name: 'Version', value: formatCount(stored.version) },
          {
            name: 'Contacts',
            value: `${formatCount(stored.contacts.length)}, ${formatBytes(stored.bytes)}`,
          },
          { name: 'Shard', value: shard },
          { name: 'ETag', value: <code className={styles.etag}>{stored.etag}</code> },
        ]}
      />
    </Card>
  )
}

function RefreshCard({ user: { refresh, job } }: { readonly user: OpsUser }) {
  const { failure, openSince, nextRepairAt, repairs, waiting } = refresh
  return (
    <Card title="Refreshes" note={<RefreshState refresh={refresh} />}>
      <Facts
        facts={[
          openSince !== undefined && { name: 'Asked for', value: <RelativeTime at={openSince} /> },
          failure !== undefined && {
            name: 'Failed',
            value: (
              <>
                {failure.at !== undefined && <RelativeTime at={failure.at} />} <FailureCodeText code={failure.code} />
                <span>
                  <Sentence text={failure.message} />
                </span>
              </>
            ),
          },
          (nextRepairAt !== undefined || repairs > 0) && {
            name: 'Repair',
            value: (
              <>
                {formatCountOf(repairs, 'repair')} since the last good fetch
                {nextRepairAt !== undefined && (
                  <>
                    , the next one <RelativeTime at={nextRepairAt} />
                  </>
                )}
              </>
            ),
          },
          {
            name: 'Job',
            value:
              job === null ? (
                'none in the queue'
              ) : (
                <>
                  {job.state}, {priorityOf(job.priority)}, attempt {job.attempt + 1}, made{' '}
                  <RelativeTime at={job.createdAt} />
                  {job.dueAt !== undefined && (
                    <>
                      , due <RelativeTime at={job.dueAt} />
                    </>
                  )}
                </>
              ),
          },
          { name: 'Who waits', value: waiting.length === 0 ? 'nobody' : waiting.join(', ') },
          {
            name: 'Generations',
            value: `wanted ${formatCount(refresh.wanted)}, fetched ${formatCount(refresh.fetched)}, failed ${formatCount(refresh.failed)}`,
          },
        ]}
      />
    </Card>
  )
}

function RefreshState({ refresh: { wanted, openSince, failure } }: Pick<OpsUser, 'refresh'>) {
  if (openSince !== undefined) return <StatusBadge tone="busy">being fetched</StatusBadge>
  if (failure !== undefined) return <StatusBadge tone="bad">failed</StatusBadge>
  if (wanted === 0) return <StatusBadge tone="idle">never asked for</StatusBadge>
  return <StatusBadge tone="good">all answered</StatusBadge>
}
