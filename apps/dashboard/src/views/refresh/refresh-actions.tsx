import type { OpsRefresh } from '@rollcall/roster'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useCancelRefresh, useRetryRefresh } from '../../data/refreshes.ts'
import { useRefusal } from '../../data/session.ts'
import { formatCount, formatCountOf } from '../../format/numbers.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { Progress } from '../../ui/progress.tsx'
import { useToast } from '../../ui/use-toast.ts'

type Asked = 'retry' | 'cancel'

export function RefreshActions({ refresh }: { readonly refresh: OpsRefresh }) {
  const { id, domain, errors, pending, state, hasUsers } = refresh
  const failed = errors - namesThatAreNobody(refresh)
  const refusal = useRefusal(domain)
  const [asked, setAsked] = useState<Asked>()
  const close = () => setAsked(undefined)

  const cannotRetry =
    refusal ??
    (failed === 0
      ? errors === 0
        ? 'None of its users has failed.'
        : 'The names that failed are nobody’s: there is nobody to ask for.'
      : hasUsers
        ? undefined
        : 'Its users are no longer known: they are kept while it runs, and after it when some failed.')
  return (
    <>
      <Button icon="refreshes" disabledReason={cannotRetry} onClick={() => setAsked('retry')}>
        Retry its failures…
      </Button>
      <Button
        icon="close"
        disabledReason={refusal ?? (state === 'running' ? undefined : 'It has ended: there is nothing left to cancel.')}
        onClick={() => setAsked('cancel')}
      >
        Cancel…
      </Button>
      <RetryDialog isOpen={asked === 'retry'} onClose={close} id={id} failed={failed} />
      <CancelDialog isOpen={asked === 'cancel'} onClose={close} id={id} pending={pending} />
    </>
  )
}

/** Among its failures, and not among its users. */
const namesThatAreNobody = ({ failuresByCode }: OpsRefresh): number =>
  failuresByCode.find(({ code }) => code === 'username-invalid')?.count ?? 0

interface DialogProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly id: string
}

function RetryDialog({ isOpen, onClose, id, failed }: DialogProps & { readonly failed: number }) {
  const retry = useRetryRefresh(id)
  const toast = useToast()
  const navigate = useNavigate()
  const start = async () => {
    const { users, refreshes } = await retry.mutateAsync()
    const [first] = refreshes
    if (first === undefined) return toast('good', 'None of its users is failed any more')
    toast('good', `${formatCountOf(users, 'user')} asked for again`)
    await (refreshes.length === 1
      ? navigate({ to: '/refreshes/$id', params: { id: first } })
      : navigate({ to: '/refreshes', search: { state: 'running' } }))
  }
  return (
    <ConfirmDialog
      isOpen={isOpen}
      onClose={onClose}
      title={`Retry ${formatCountOf(failed, 'user')}?`}
      confirm="Retry"
      onConfirm={start}
    >
      <p>
        Those of its users whose fetch failed are asked for again, by a new refresh that opens then. Who has been
        fetched well since is left out.
      </p>
    </ConfirmDialog>
  )
}

function CancelDialog({ isOpen, onClose, id, pending }: DialogProps & { readonly pending: number }) {
  const { mutateAsync, progress } = useCancelRefresh(id)
  const toast = useToast()
  const cancel = async () => {
    const done = await mutateAsync()
    toast('good', `The refresh has been cancelled: ${formatCountOf(done, 'user')} will not be fetched for it`)
  }
  return (
    <ConfirmDialog
      isOpen={isOpen}
      onClose={onClose}
      title={`Cancel the refresh of ${formatCountOf(pending, 'user')}?`}
      confirm="Cancel the refresh"
      refuse="Let it run"
      isDangerous
      onConfirm={cancel}
    >
      <p>
        Users who wait to be fetched for it count as failed, and whoever waits for an answer gets it at once. What is
        stored stays. Users whom another refresh has asked for since, and fetches that have begun, go on.
      </p>
      {progress && (
        <Progress
          label="Cancelled users"
          done={progress.done}
          total={progress.done + progress.left}
          text={`${formatCount(progress.done)} of ${formatCount(progress.done + progress.left)}`}
        />
      )}
    </ConfirmDialog>
  )
}
