import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type FailureFilter, failuresQuery, useDismissFailures, useRetryFailures } from '../../data/failures.ts'
import { useRefusal } from '../../data/session.ts'
import { formatCount, formatCountOf } from '../../format/numbers.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { Progress } from '../../ui/progress.tsx'
import { useToast } from '../../ui/use-toast.ts'
import type { Retried } from './retry-progress.tsx'

interface FailureActionsProps {
  readonly filter: FailureFilter
  readonly count: number
  readonly onRetried: (retried: Retried) => void
  readonly isInRow?: boolean
}

/** Retry or dismiss all who match, not only those in sight. */
export function FailureActions({ filter, count, onRetried, isInRow = false }: FailureActionsProps) {
  const refusal = useRefusal(filter.domain)
  const [asked, setAsked] = useState<'retry' | 'dismiss'>()
  const close = () => setAsked(undefined)
  const names = (verb: string) =>
    isInRow
      ? { children: verb, 'aria-label': `${verb} users${thoseOf(filter)}` }
      : { children: `${verb} all ${formatCount(count)}…` }
  return (
    <>
      <Button icon="refreshes" disabledReason={refusal} onClick={() => setAsked('retry')} {...names('Retry')} />
      <Button icon="close" disabledReason={refusal} onClick={() => setAsked('dismiss')} {...names('Dismiss')} />
      {asked === 'retry' && <RetryDialog filter={filter} onClose={close} onRetried={onRetried} />}
      {asked === 'dismiss' && <DismissDialog filter={filter} onClose={close} />}
    </>
  )
}

interface DialogProps {
  readonly filter: FailureFilter
  readonly onClose: () => void
}

/** As many as match now: counted when the dialog opens, and while it is open. */
function useTrueCount(filter: FailureFilter) {
  const { data } = useQuery({ ...failuresQuery(filter), staleTime: 0, refetchInterval: 2000 })
  return { seen: data, count: data === undefined ? 'all users' : formatCountOf(data.total, 'user') }
}

function RetryDialog({ filter, onClose, onRetried }: DialogProps & Pick<FailureActionsProps, 'onRetried'>) {
  const retry = useRetryFailures(filter)
  const toast = useToast()
  const { count } = useTrueCount(filter)
  const start = async () => {
    const retried = await retry.mutateAsync()
    if (retried.refreshes.length === 0) toast('good', 'Nobody is failed like that any more')
    else onRetried({ ...retried, who: thoseOf(filter) })
  }
  return (
    <ConfirmDialog isOpen onClose={onClose} title={`Retry ${count}?`} confirm="Retry" onConfirm={start}>
      <p>
        Asks for {count}
        {thoseOf(filter)} again, in the background and behind logins and small refreshes. It goes on when this page is
        closed.
      </p>
    </ConfirmDialog>
  )
}

function DismissDialog({ filter, onClose }: DialogProps) {
  const matching = useTrueCount(filter)
  const { mutateAsync, progress, end } = useDismissFailures(filter, matching.seen)
  const toast = useToast()
  const count = progress ? formatCountOf(progress.done + progress.left, 'user') : matching.count
  const dismiss = async () => {
    const done = await mutateAsync()
    toast('good', `${formatCountOf(done, 'user')} dismissed`)
  }
  const close = () => {
    end()
    onClose()
  }
  return (
    <ConfirmDialog
      isOpen
      onClose={close}
      title={progress ? `Dismissing ${count}` : `Dismiss ${count}?`}
      confirm="Dismiss"
      isDangerous
      onConfirm={dismiss}
    >
      <p>
        Takes {count}
        {thoseOf(filter)} off this list: they are not fetched again by themselves. What is stored of them stays. They
        come back when they fail again; a refresh or a read fetches them as ever.
      </p>
      {progress && (
        <Progress
          label="Dismissed users"
          done={progress.done}
          total={progress.done + progress.left}
          text={`${formatCount(progress.done)} of ${formatCount(progress.done + progress.left)}`}
        />
      )}
    </ConfirmDialog>
  )
}

/** ` with backend-timeout at example.org`; empty: all. */
const thoseOf = ({ code, domain }: FailureFilter): string =>
  `${code === undefined ? '' : ` with ${code}`}${domain === undefined ? '' : ` at ${domain}`}`
