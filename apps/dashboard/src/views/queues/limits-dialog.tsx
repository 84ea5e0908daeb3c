import type { OpsQueue } from '@rollcall/roster'
import { type FormEvent, useState } from 'react'
import { type QueueName, useLimitQueue } from '../../data/queues.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { useToast } from '../../ui/use-toast.ts'
import { areAlike, limitsFrom, type WrittenLimits, writtenLimits } from './limits.ts'
import styles from './limits-dialog.module.css'

interface LimitsDialogProps {
  readonly queue: QueueName
  readonly name: string
  readonly queues: readonly OpsQueue[]
  readonly onClose: () => void
}

/** How many jobs may be fetched at a time, and how many in some time, by all workers together. */
export function LimitsDialog({ queue, name, queues, onClose }: LimitsDialogProps) {
  const [written, setWritten] = useState(() => writtenLimits(queues))
  const limit = useLimitQueue()
  const toast = useToast()
  const { limits, errors } = limitsFrom(written)
  const isPlural = queue === 'all'

  const save = (event: FormEvent) => {
    event.preventDefault()
    if (limits === undefined) return
    limit.mutate(
      { queue, limits },
      {
        onSuccess: () => {
          toast('good', `The limits of ${name} are set`)
          onClose()
        },
      },
    )
  }

  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`Limits of ${name}`}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="primary"
            type="submit"
            form="limits"
            isBusy={limit.isPending}
            disabledReason={limits === undefined ? 'Something that stands above cannot be used.' : undefined}
          >
            Set
          </Button>
        </>
      }
    >
      {!areAlike(queues) && (
        <Note tone="warn">The shards have different limits now: what you set here takes the place of all of them.</Note>
      )}
      <form id="limits" className={styles.form} onSubmit={save}>
        <LimitFields written={written} errors={errors} onChange={setWritten} isPlural={isPlural} />
      </form>
      {limit.error && <Note tone="bad">{limit.error.message}</Note>}
    </Dialog>
  )
}

interface LimitFieldsProps {
  readonly written: WrittenLimits
  readonly errors: Partial<Record<keyof WrittenLimits, string>>
  readonly onChange: (written: WrittenLimits) => void
  readonly isPlural: boolean
}

function LimitFields({ written, errors, onChange, isPlural }: LimitFieldsProps) {
  const field = (name: keyof WrittenLimits, label: string, hint: string) => (
    <Field label={label} hint={hint} error={errors[name]}>
      <Input
        inputMode="decimal"
        value={written[name]}
        onChange={(event) => onChange({ ...written, [name]: event.target.value })}
        placeholder="no bound"
      />
    </Field>
  )
  return (
    <>
      <p>
        For all workers together{isPlural && ', for each shard by itself'}. What is empty has no bound. What a backend
        is asked is bounded besides, for its domain, by the configuration.
      </p>
      {field('atATime', 'Jobs at a time', 'One job is the fetch of one user.')}
      {field('max', 'Jobs in a period', 'Not more than so many begin…')}
      {field('seconds', 'Period, in seconds', '…in any such time.')}
    </>
  )
}
