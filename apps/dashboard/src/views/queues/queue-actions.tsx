import type { OpsQueue } from '@rollcall/roster'
import { useState } from 'react'
import { type QueueName, usePauseQueue } from '../../data/queues.ts'
import { useRefusal } from '../../data/session.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import type { IconName } from '../../ui/icon.tsx'
import { useToast } from '../../ui/use-toast.ts'
import { LimitsDialog } from './limits-dialog.tsx'

interface QueueActionsProps {
  readonly queue: QueueName
  /** Of that name: one, or all. */
  readonly queues: readonly OpsQueue[]
}

/** Pause, resume and limit one shard's queue, or all of them. */
export function QueueActions({ queue, queues }: QueueActionsProps) {
  const refusal = useRefusal('*')
  const pause = usePauseQueue()
  const toast = useToast()
  const [asked, setAsked] = useState<'pause' | 'limits'>()
  const close = () => setAsked(undefined)
  const paused = queues.filter((one) => one.isPaused).length
  const name = nameOf(queue)

  const resume = () =>
    pause.mutate(
      { queue, isPaused: false },
      {
        onSuccess: () => toast('good', `${capitalised(name)} ${queue === 'all' ? 'run' : 'runs'} again`),
        onError: (error) => toast('bad', `${capitalised(name)} cannot be resumed: ${error.message}`),
      },
    )
  const button = (icon: IconName, verb: string, onClick: () => void) =>
    queue === 'all' ? (
      <Button icon={icon} disabledReason={refusal} isBusy={icon === 'play' && pause.isPending} onClick={onClick}>
        {verb} all{icon !== 'play' && '…'}
      </Button>
    ) : (
      <IconButton kind="plain" icon={icon} label={`${verb} ${name}`} disabledReason={refusal} onClick={onClick} />
    )

  return (
    <>
      {paused < queues.length && button('pause', 'Pause', () => setAsked('pause'))}
      {paused > 0 && button('play', 'Resume', resume)}
      {button('settings', 'Limit', () => setAsked('limits'))}
      {asked === 'limits' && <LimitsDialog queue={queue} name={name} queues={queues} onClose={close} />}
      <ConfirmDialog
        isOpen={asked === 'pause'}
        onClose={close}
        title={`Pause ${name}?`}
        confirm="Pause"
        isDangerous
        onConfirm={() => pause.mutateAsync({ queue, isPaused: true })}
      >
        <p>
          Workers take no more jobs {queue === 'all' ? 'at all' : 'of it'}; those that have begun are finished.
          Refreshes are accepted and wait, and so do logins of users whose rosters are not stored. Rosters that are
          stored are served as ever.
        </p>
        <p>Nothing is lost: all of it is done after the queue is resumed.</p>
      </ConfirmDialog>
    </>
  )
}

const nameOf = (queue: QueueName): string => (queue === 'all' ? 'all queues' : `the queue of shard ${queue}`)

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
