import type { OpsChange } from '@rollcall/roster'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { keyOf, MOST_ROWS, type Tail } from '../../data/changes-tail.ts'
import { formatCount, formatCountOf } from '../../format/numbers.ts'
import { present } from '../../search.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Note } from '../../ui/note.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty, ErrorState, Loading } from '../../ui/states.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { DomainSelect } from '../parts/domain-select.tsx'
import { SearchFilters } from '../parts/search-filters.tsx'
import { useTyped } from '../parts/use-typed.ts'
import { ChangeRow } from './change-row.tsx'
import styles from './changes-view.module.css'
import { OlderChanges } from './older-changes.tsx'
import { useChangesTail } from './use-changes-tail.ts'

const route = getRouteApi('/changes')

/** While they move nobody reads further down, and to move many takes a browser's whole time. */
const MOST_MOVING_ROWS = 100

/** It is the whole name that counts, so there is time to write it. */
const WHOLE_NAME_MS = 800

/** The change log as it grows. */
export function ChangesView() {
  const { domain, user = '' } = route.useSearch()
  const navigate = useNavigate({ from: '/changes' })
  const filter = present({ domain, user: user || undefined })
  const tail = useChangesTail(filter)
  const typed = useTyped(
    user,
    (next) => void navigate({ search: (now) => present({ ...now, user: next || undefined }), replace: true }),
    WHOLE_NAME_MS,
  )
  // From where older ones are shown, once somebody wants to see them.
  const [asked, setAsked] = useState<{ of: string; before: string }>()
  const shown = `${domain} ${user}`
  const olderFrom = asked?.of === shown ? asked.before : undefined
  const { rows, isPaused, waiting, skipped, hasBegunAnew, isLoaded, error, older, setPaused } = tail
  const isBusy = isFasterThanRead(rows)
  const shownRows = isPaused ? rows : rows.slice(0, MOST_MOVING_ROWS)

  return (
    <Page
      title="Changes"
      lead="Each fetch that brought something new, the newest first."
      actions={
        <>
          <TailState tail={tail} />
          <Button icon={isPaused ? 'play' : 'pause'} onClick={() => setPaused(!isPaused)}>
            {isPaused ? (waiting > 0 ? `Show ${formatCountOf(waiting, 'new one')}` : 'Go on') : 'Pause'}
          </Button>
        </>
      }
    >
      <SearchFilters label="User" placeholder="john@example.org" typed={typed}>
        <DomainSelect
          value={domain}
          none="All domains"
          onChange={(next) => void navigate({ search: (now) => present({ ...now, domain: next }) })}
        />
      </SearchFilters>
      {skipped > 0 && (
        <Note tone="info">
          {formatCountOf(skipped, 'change')} came faster than they can be shown here, and were left out. Filter by user
          or domain to see each.
        </Note>
      )}
      {hasBegunAnew && (
        <Note tone="info">
          While this page was not connected more changed than can be shown at once, so the list has begun anew. What
          changed before is behind “Show older ones”.
        </Note>
      )}
      <Card isFlush>
        {!isLoaded ? (
          error ? (
            <ErrorState title="The changes cannot be read" error={error} />
          ) : (
            <Loading what="changes" />
          )
        ) : rows.length === 0 ? (
          <Empty title={Object.keys(filter).length > 0 ? 'No change is like that' : 'Nothing has changed yet'}>
            This list grows by itself: whenever a fetch brings another roster than the one that is stored.
          </Empty>
        ) : (
          <ol className={styles.rows} aria-label="Changes">
            {shownRows.map((change) => (
              <ChangeRow key={keyOf(change)} change={change} isBusy={isBusy} />
            ))}
          </ol>
        )}
        {olderFrom !== undefined && <OlderChanges filter={filter} before={olderFrom} />}
        {rows.length > 0 && olderFrom === undefined && (
          <div className={styles.end}>
            {shownRows.length < rows.length ? (
              `The newest ${formatCount(MOST_MOVING_ROWS)} are shown: pause to see the others.`
            ) : older === undefined ? (
              `The newest ${formatCount(MOST_ROWS)} are kept here. Filter by user or domain to see older ones.`
            ) : older === null ? (
              'That is all that the change log has.'
            ) : (
              <Button
                onClick={() => {
                  setPaused(true) // what is shown would move away
                  setAsked({ of: shown, before: older })
                }}
              >
                Show older ones
              </Button>
            )}
          </div>
        )}
      </Card>
    </Page>
  )
}

/** Ten changes within two seconds. */
function isFasterThanRead(rows: readonly OpsChange[]): boolean {
  const [first, tenth] = [rows[0], rows[9]]
  return first !== undefined && tenth !== undefined && Date.parse(first.at) - Date.parse(tenth.at) < 2000
}

function TailState({ tail: { isPaused, link, waiting } }: { readonly tail: Tail }) {
  if (link === 'lost') return <StatusBadge tone="bad">connecting again</StatusBadge>
  if (isPaused) return <StatusBadge tone="idle">paused{waiting > 0 && `, ${formatCount(waiting)} wait`}</StatusBadge>
  if (link === 'open') return <StatusBadge tone="good">live</StatusBadge>
  return <StatusBadge tone="busy">connecting</StatusBadge>
}
