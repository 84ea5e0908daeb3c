import { useState } from 'react'
import { useRefusal } from '../../data/session.ts'
import { type useCompareUser, useDropUser, type useRefreshUser } from '../../data/users.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { useToast } from '../../ui/use-toast.ts'

interface UserActionsProps {
  readonly jid: string
  readonly domain: string
  /** Undefined: not known yet. */
  readonly isStored: boolean | undefined
  readonly refresh: ReturnType<typeof useRefreshUser>
  readonly compare: ReturnType<typeof useCompareUser>
}

export function UserActions({ jid, domain, isStored, refresh, compare }: UserActionsProps) {
  const refusal = useRefusal(domain)
  const drop = useDropUser(jid)
  const toast = useToast()
  const [isAsking, setAsking] = useState(false)
  const dropIt = async () => {
    const { dropped } = await drop.mutateAsync()
    toast('good', dropped ? `The roster of ${jid} has been dropped` : `No roster of ${jid} was stored`)
  }

  return (
    <>
      <Button
        kind="primary"
        icon="refreshes"
        disabledReason={refusal}
        isBusy={refresh.isPending}
        onClick={() => {
          compare.reset() // what it said is no longer so
          refresh.mutate()
        }}
      >
        Refresh now
      </Button>
      <Button icon="compare" disabledReason={refusal} isBusy={compare.isPending} onClick={() => compare.mutate()}>
        Compare with backend
      </Button>
      <Button icon="trash" disabledReason={refusal ?? notToDrop(isStored)} onClick={() => setAsking(true)}>
        Drop…
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        title={`Drop the roster of ${jid}?`}
        confirm="Drop"
        isDangerous
        disabledReason={refusal}
        onConfirm={dropIt}
      >
        <p>
          The stored roster is taken away. It is fetched again when it is next read or refreshed; until then nobody is
          served the old one.
        </p>
        <p>XMPP servers are told nothing by that: they keep what they have.</p>
      </ConfirmDialog>
    </>
  )
}

const notToDrop = (isStored: boolean | undefined): string | undefined =>
  isStored === undefined
    ? 'Whether a roster is stored is not known yet.'
    : isStored
      ? undefined
      : 'No roster is stored that could be dropped.'
