import type { OpsToken } from '@rollcall/roster'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useRefusal } from '../../data/session.ts'
import { tokensQuery, useRevokeToken } from '../../data/settings.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { columnsOf, DataTable } from '../../ui/data-table.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { Empty, ErrorState, Loading } from '../../ui/states.tsx'
import { useToast } from '../../ui/use-toast.ts'
import { MakeToken } from './make-token.tsx'
import styles from './settings-view.module.css'

/** By name and last use; those that were made here can be revoked here. */
export function Tokens() {
  const { data, error, refetch } = useQuery(tokensQuery)
  const refusal = useRefusal('*')
  const [isMaking, setMaking] = useState(false)
  return (
    <Card
      title="Tokens"
      note="who may use the api and the dashboard"
      actions={
        <Button kind="primary" icon="plus" disabledReason={refusal} onClick={() => setMaking(true)}>
          Make a token
        </Button>
      }
      isFlush
    >
      {error && !data ? (
        <ErrorState title="The tokens cannot be listed" error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Loading what="the tokens" />
      ) : data.tokens.length === 0 ? (
        <Empty title="There are no tokens.">
          Whoever is on this machine may do everything, and nobody else can reach Rollcall. Set TOKENS before you make
          it reachable; <code>npm run token</code> makes one.
        </Empty>
      ) : (
        <DataTable label="Tokens" rows={data.tokens} columns={COLUMNS} rowId={(token) => token.id} />
      )}
      <MakeToken isOpen={isMaking} onClose={() => setMaking(false)} />
    </Card>
  )
}

function Revoke({ token }: { readonly token: OpsToken }) {
  const refusal = useRefusal('*')
  const { mutateAsync: revoke } = useRevokeToken()
  const [isAsking, setAsking] = useState(false)
  const say = useToast()
  const reason =
    token.from === 'configuration'
      ? 'It stands in the configuration (TOKENS): take it out there, and start again.'
      : refusal
  return (
    <>
      <Button icon="trash" disabledReason={reason} onClick={() => setAsking(true)}>
        Revoke<span className="visually-hidden"> {token.name}</span>
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        title={`Revoke “${token.name}”?`}
        confirm="Revoke"
        isDangerous
        onConfirm={async () => {
          await revoke(token.id)
          say('good', `“${token.name}” is revoked.`)
        }}
      >
        <p>
          Whoever uses it is refused from now on, also in dashboards that are open. It cannot be undone: make another
          one then.
        </p>
      </ConfirmDialog>
    </>
  )
}

const column = columnsOf<OpsToken>()

const COLUMNS = column.columns([
  column.accessor('name', {
    header: 'Name',
    meta: { onPhone: 'title' },
    cell: ({ row: { original } }) => (
      <>
        <span className={styles.name}>{original.name}</span>
        <div className={styles.more}>
          {original.from === 'configuration' ? (
            'from the configuration'
          ) : (
            <>
              made {original.createdAt && <RelativeTime at={original.createdAt} />}
              {original.createdBy && ` by ${original.createdBy}`}
            </>
          )}
        </div>
      </>
    ),
  }),
  column.accessor(({ rights }) => rights.join(', '), { id: 'rights', header: 'Rights' }),
  column.accessor(({ domains }) => (domains === '*' ? 'all' : domains.join(', ')), {
    id: 'domains',
    header: 'Domains',
  }),
  column.accessor('lastUsedAt', {
    header: 'Last use',
    meta: { isNarrow: true },
    cell: ({ row: { original } }) =>
      original.lastUsedAt ? <RelativeTime at={original.lastUsedAt} /> : <span className={styles.more}>not known</span>,
  }),
  column.display({
    id: 'revoke',
    header: () => <span className="visually-hidden">Revoke</span>,
    meta: { isNarrow: true, align: 'end', isActions: true },
    cell: ({ row }) => <Revoke token={row.original} />,
  }),
])
