import type { OpsUser, V1Contact } from '@rollcall/roster'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useDeferredValue, useMemo } from 'react'
import { useDomains } from '../../data/session.ts'
import { formatCount } from '../../format/numbers.ts'
import { Groups } from '../../roster/contact-text.tsx'
import { presenceOf } from '../../roster/presence.ts'
import { present } from '../../search.ts'
import { columnsOf, DataTable } from '../../ui/data-table.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { Empty } from '../../ui/states.tsx'
import { useTyped } from '../parts/use-typed.ts'
import { UserLink } from '../parts/user-link.tsx'
import styles from './user-roster.module.css'

const route = getRouteApi('/users/$jid')

/** The contacts as they are stored, with a search over all that stands in them. */
export function UserRoster({ user: { stored } }: { readonly user: OpsUser }) {
  const { find = '' } = route.useSearch()
  const navigate = useNavigate({ from: '/users/$jid' })
  const typed = useTyped(
    find,
    (next) => void navigate({ search: (now) => present({ ...now, find: next || undefined }), replace: true }),
  )
  const sought = useDeferredValue(typed.text.trim().toLowerCase())
  const contacts = stored?.contacts
  const found = useMemo(
    () => (sought === '' ? contacts : contacts?.filter((contact) => textOf(contact).includes(sought))) ?? [],
    [contacts, sought],
  )

  if (contacts === undefined) return <Empty title="No roster is stored">Refresh now fetches it from the backend.</Empty>
  if (contacts.length === 0)
    return <Empty title="The roster is empty">The backend gave no contacts for this user.</Empty>
  return (
    <>
      <form
        className={styles.find}
        onSubmit={(event) => {
          event.preventDefault()
          typed.finish()
        }}
      >
        <Field label="Find in the roster" isLabelHidden>
          <Input
            type="search"
            value={typed.text}
            onChange={(event) => typed.type(event.target.value)}
            placeholder="Find a contact, a name, a group"
          />
        </Field>
        <span role="status" className={styles.count}>
          {sought !== '' && `${formatCount(found.length)} of ${formatCount(contacts.length)}`}
        </span>
      </form>
      {found.length === 0 ? (
        <Empty title={`No contact has “${sought}” in it`} />
      ) : (
        <DataTable label="Contacts" rows={found} columns={columns} rowId={(contact) => contact.jid} />
      )}
    </>
  )
}

const textOf = (contact: V1Contact): string =>
  [contact.jid, contact.name ?? '', presenceOf(contact), ...contact.groups].join('\n').toLowerCase()

const column = columnsOf<V1Contact>()
const columns = [
  column.accessor('jid', {
    header: 'Contact',
    cell: ({ getValue }) => <ContactLink jid={getValue()} />,
    meta: { onPhone: 'title' },
  }),
  column.accessor((contact) => contact.name ?? '', {
    id: 'name',
    header: 'Name',
    cell: ({ getValue }) => <bdi>{getValue()}</bdi>,
  }),
  column.accessor((contact) => contact.groups, {
    id: 'groups',
    header: 'Groups',
    cell: ({ getValue }) => <Groups groups={getValue()} />,
  }),
  column.accessor((contact) => presenceOf(contact), {
    id: 'subscription',
    header: 'Subscription',
    meta: { isNarrow: true },
  }),
]

/** Contacts of our own domains are users, too. */
function ContactLink({ jid }: { readonly jid: string }) {
  const domains = useDomains()
  const at = jid.indexOf('@')
  return at > 0 && domains.includes(jid.slice(at + 1)) ? <UserLink jid={jid} /> : <bdi>{jid}</bdi>
}
