import type { OpsUser } from '@rollcall/roster'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { ApiError } from '../../data/api-error.ts'
import { useCompareUser, useRefreshUser, userQuery } from '../../data/users.ts'
import { formatCount } from '../../format/numbers.ts'
import { present } from '../../search.ts'
import { Card } from '../../ui/card.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty, ErrorState, Loading } from '../../ui/states.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { UserActions } from './user-actions.tsx'
import { ComparisonNote, RefreshNote } from './user-answers.tsx'
import { UserChanges } from './user-changes.tsx'
import { UserDeliveries } from './user-deliveries.tsx'
import { UserFacts } from './user-facts.tsx'
import { UserRoster } from './user-roster.tsx'
import styles from './user-view.module.css'

const route = getRouteApi('/users/$jid')

/** Everything that is known of one user. */
export function UserView() {
  const { jid } = route.useParams()
  return <UserPage key={jid} jid={jid} />
}

function UserPage({ jid }: { readonly jid: string }) {
  const user = useQuery(userQuery(jid))
  const refresh = useRefreshUser(jid)
  const compare = useCompareUser(jid)
  const domain = user.data?.domain ?? jid.slice(jid.indexOf('@') + 1)

  return (
    <Page
      title={jid}
      above={<Link to="/users">Users</Link>}
      actions={
        <UserActions
          jid={jid}
          domain={domain}
          refresh={refresh}
          compare={compare}
          isStored={user.data && user.data.stored !== null}
        />
      }
    >
      <div role="status" className={styles.answers}>
        <RefreshNote refresh={refresh} />
        <ComparisonNote compare={compare} stored={user.data?.stored?.contacts} />
      </div>
      {user.data ? (
        <KnownUser user={user.data} />
      ) : user.isPending ? (
        <Card>
          <Loading what={jid} lines={8} />
        </Card>
      ) : (
        <Card>
          {user.error instanceof ApiError && user.error.status === 404 ? (
            <Empty title="Nothing is known of this user">
              No roster is stored, and nobody has asked for it. Look whether the name is right; “Refresh now” asks the
              backend.
            </Empty>
          ) : (
            <ErrorState title="This user cannot be shown" error={user.error} onRetry={() => void user.refetch()} />
          )}
        </Card>
      )}
    </Page>
  )
}

function KnownUser({ user }: { readonly user: OpsUser }) {
  const { tab = 'roster' } = route.useSearch()
  const navigate = useNavigate({ from: '/users/$jid' })
  return (
    <>
      <UserFacts user={user} />
      <Card isFlush>
        <Tabs
          isFlush
          label="Of this user"
          value={tab}
          onChange={(next) => void navigate({ search: (now) => present({ ...now, tab: next }), replace: true })}
          tabs={[
            {
              value: 'roster',
              label: `Roster ${user.stored ? `(${formatCount(user.stored.contacts.length)})` : ''}`,
              content: <UserRoster user={user} />,
            },
            {
              value: 'changes',
              label: `Changes (${user.changes.length}${user.hasOlderChanges ? '+' : ''})`,
              content: <UserChanges user={user} />,
            },
            {
              value: 'deliveries',
              label: `Deliveries (${user.deliveries.length})`,
              content: <UserDeliveries user={user} />,
            },
          ]}
        />
      </Card>
    </>
  )
}
