import type { OpsUserRow } from '@rollcall/roster'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useLive } from '../../data/live.tsx'
import { useDomains } from '../../data/session.ts'
import { userSearchQuery } from '../../data/users.ts'
import { formatDuration } from '../../format/durations.ts'
import { formatCount, formatCountOf } from '../../format/numbers.ts'
import { present } from '../../search.ts'
import { Card } from '../../ui/card.tsx'
import { columnsOf, DataTable } from '../../ui/data-table.tsx'
import { LoadMore } from '../../ui/load-more.tsx'
import { Page } from '../../ui/page.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Empty, ErrorState, Loading } from '../../ui/states.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { DomainSelect } from '../parts/domain-select.tsx'
import { moveByArrows } from '../parts/move-by-arrows.ts'
import { SearchFilters } from '../parts/search-filters.tsx'
import { useTyped } from '../parts/use-typed.ts'
import { UserLink } from '../parts/user-link.tsx'
import styles from './users-view.module.css'

const route = getRouteApi('/users')

/** Stored users by how their names begin. */
export function UsersView() {
  const { prefix = '', domain } = route.useSearch()
  const navigate = useNavigate({ from: '/users' })
  const found = useInfiniteQuery(userSearchQuery({ prefix, domain }))
  const users = found.data?.pages.flatMap((page) => page.users) ?? []
  const typed = useTyped(
    prefix,
    (next) => void navigate({ search: (now) => ({ ...now, prefix: next }), replace: true }),
  )
  const first = found.isPlaceholderData ? undefined : users[0]

  // What is found for what stands there is opened; when something else has been typed since, that is found first.
  const open = () => {
    if (typed.text.trim() !== prefix) return typed.finish()
    if (first !== undefined) void navigate({ to: '/users/$jid', params: { jid: first.jid } })
  }

  return (
    <Page title="Users" lead={<StoredUsers />}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys that move the focus between what is in it */}
      <div className={styles.view} onKeyDown={moveByArrows}>
        <SearchFilters label="Name begins with" placeholder="jo, or jo@example.org" typed={typed} onEnter={open}>
          <DomainOfUsers
            domain={domain}
            onChange={(next) => void navigate({ search: (now) => present({ ...now, domain: next }) })}
          />
        </SearchFilters>
        <Card isFlush>
          {found.isPending ? (
            <Loading what="users" />
          ) : found.isError && users.length === 0 ? (
            <ErrorState title="The users cannot be listed" error={found.error} onRetry={() => void found.refetch()} />
          ) : users.length === 0 ? (
            <Nobody prefix={prefix} domain={domain} />
          ) : (
            <div className={found.isPlaceholderData ? styles.old : undefined} aria-busy={found.isPlaceholderData}>
              <DataTable label="Users" rows={users} columns={columns} rowId={(user) => user.jid} />
              <LoadMore
                shown={`${formatCountOf(users.length, 'user')}, found in ${formatDuration(found.data?.pages.at(-1)?.tookMs ?? 0)}`}
                hasMore={found.hasNextPage}
                isLoading={found.isFetchingNextPage}
                onMore={() => void found.fetchNextPage()}
              />
            </div>
          )}
        </Card>
      </div>
    </Page>
  )
}

function StoredUsers() {
  const stored = useLive(({ snapshot }) => (snapshot?.isKnown ? snapshot.storedUsers : undefined))
  return (
    <>
      {stored !== undefined && `Rosters of ${formatCountOf(stored, 'user')} are stored.`}{' '}
      <span className={styles.keys}>Enter opens the first that is found, ↓ goes to the list.</span>
    </>
  )
}

interface DomainOfUsersProps {
  readonly domain: string | undefined
  readonly onChange: (domain: string | undefined) => void
}

function DomainOfUsers({ domain, onChange }: DomainOfUsersProps) {
  const [defaultDomain, ...others] = useDomains()
  if (defaultDomain === undefined || (others.length === 0 && domain === undefined)) return null
  return <DomainSelect value={domain} none={defaultDomain} more={[['*', 'All domains']]} onChange={onChange} />
}

function Nobody({ prefix, domain }: { readonly prefix: string; readonly domain: string | undefined }) {
  const hasOthers = useDomains().length > 1
  const where = domain === undefined || domain === '*' ? '' : ` at ${domain}`
  if (prefix === '')
    return (
      <Empty title={`No rosters are stored${where}`}>
        A user comes to be here with the first refresh that names it, or the first read of its roster.
      </Empty>
    )
  return (
    <Empty title={`No stored user’s name begins with “${prefix}”${where}`}>
      Shorten what you look for{hasOthers && ', or look in another domain'}. A user who was never asked for is not
      stored: <UserOfThatName prefix={prefix} domain={domain} />
    </Empty>
  )
}

function UserOfThatName({ prefix, domain }: { readonly prefix: string; readonly domain: string | undefined }) {
  const [defaultDomain] = useDomains()
  const host = domain === undefined || domain === '*' ? defaultDomain : domain
  const jid = prefix.includes('@') ? prefix : `${prefix}@${host}`
  return (
    <>
      <UserLink jid={jid} /> can be asked for all the same.
    </>
  )
}

const column = columnsOf<OpsUserRow>()
const columns = [
  column.accessor('jid', {
    header: 'User',
    cell: ({ getValue }) => <UserLink jid={getValue()} isCell />,
    meta: { onPhone: 'title' },
  }),
  column.accessor('isStale', {
    header: 'Last fetch',
    cell: ({ getValue }) =>
      getValue() ? <StatusBadge tone="warn">failed</StatusBadge> : <StatusBadge tone="good">went well</StatusBadge>,
  }),
  column.accessor('contacts', {
    header: 'Contacts',
    cell: ({ getValue }) => formatCount(getValue()),
    meta: { align: 'end', isNarrow: true },
  }),
  column.accessor('version', {
    header: 'Version',
    cell: ({ getValue }) => formatCount(getValue()),
    meta: { align: 'end', isNarrow: true, onPhone: 'hidden' },
  }),
  column.accessor('fetchedAt', {
    header: 'Last good fetch',
    cell: ({ getValue }) => <RelativeTime at={getValue()} />,
    meta: { align: 'end', isNarrow: true },
  }),
]
