import type { OpsSettings } from '@rollcall/roster'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { settingsQuery } from '../../data/settings.ts'
import { grouped } from '../../grouped.ts'
import { Card } from '../../ui/card.tsx'
import { columnsOf, DataTable } from '../../ui/data-table.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Field, Filters, Input } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { Empty, ErrorState, Loading } from '../../ui/states.tsx'
import { isFound } from './is-found.ts'
import styles from './settings-view.module.css'

const route = getRouteApi('/settings')

/** What is in effect in the api that answers; to change it, change its environment or file, and start it again. */
export function Configuration() {
  const { find = '' } = route.useSearch()
  const navigate = route.useNavigate()
  const { data, error, refetch } = useQuery(settingsQuery)
  if (!data)
    return (
      <Card>
        {error ? (
          <ErrorState title="The configuration cannot be read" error={error} onRetry={() => void refetch()} />
        ) : (
          <Loading what="the configuration" lines={8} />
        )}
      </Card>
    )
  const found = data.settings.filter((setting) => isFound(setting, find))
  return (
    <>
      {data.warnings.map((warning) => (
        <Note key={warning} tone="warn">
          {warning}
        </Note>
      ))}
      <Filters>
        <Field label="Find a setting">
          <Input
            type="search"
            defaultValue={find}
            placeholder="timeout, REDIS_URL, …"
            onChange={({ target }) =>
              void navigate({
                search: { tab: 'configuration', ...(target.value !== '' && { find: target.value }) },
                replace: true,
              })
            }
          />
        </Field>
      </Filters>
      <p className={styles.more}>
        In effect in the api that answers. To change something, change its environment or its file, and start it again.
      </p>
      {found.length === 0 && (
        <Card>
          <Empty title={`No setting has “${find}” in its name or description.`}>Look for a part of its name.</Empty>
        </Card>
      )}
      {[...grouped(found, ({ section }) => section)].map(([section, settings]) => (
        <Card key={section} title={section} isFlush>
          <DataTable label={section} rows={settings} columns={COLUMNS} rowId={(setting) => setting.name} />
        </Card>
      ))}
      <div className={styles.domains}>
        {data.domains.map(({ domain, rosterUrl, details }) => (
          <Card key={domain} title={domain} note="domain">
            <Facts
              facts={[
                { name: 'rosterUrl', value: <code>{rosterUrl}</code> },
                ...Object.entries(details).map(
                  ([name, value]) => value !== '' && { name, value: <code>{value}</code> },
                ),
              ]}
            />
          </Card>
        ))}
      </div>
    </>
  )
}

const column = columnsOf<OpsSettings['settings'][number]>()

const COLUMNS = column.columns([
  column.accessor('name', {
    header: 'Setting',
    meta: { onPhone: 'title', width: '26%' },
    cell: ({ row: { original } }) => (
      <>
        <span className={styles.name}>{original.name}</span>
        <div className={styles.more}>
          <code>{original.variable}</code>
        </div>
      </>
    ),
  }),
  column.accessor('value', {
    header: 'Value',
    meta: { width: '30%' },
    cell: ({ row: { original } }) => (
      <>
        {original.isSecret ? (
          <span className={styles.more}>{original.value || '–'}</span>
        ) : (
          <code>{original.value || '–'}</code>
        )}
        {!original.isDefault && <span className={styles.set}>not default</span>}
      </>
    ),
  }),
  column.accessor('description', {
    header: 'What it is',
    meta: { onPhone: 'text' },
    cell: ({ row }) => <span className={styles.more}>{withCode(row.original.description)}</span>,
  }),
])

/** What stands between `backticks`, as code. */
const withCode = (text: string): ReactNode[] => {
  let at = 0
  return text.split('`').map((part, index) => {
    at += part.length + 1
    return index % 2 === 1 ? <code key={at}>{part}</code> : part
  })
}
