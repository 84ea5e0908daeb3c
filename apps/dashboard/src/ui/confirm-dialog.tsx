import { type ReactNode, useState } from 'react'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { Note } from './note.tsx'

interface ConfirmDialogProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  /** As a question: `Retry 10,000 users?` */
  readonly title: string
  /** What will happen, and to how many; while it goes on, its progress. */
  readonly children: ReactNode
  /** What the button does, in a verb: `Retry`. */
  readonly confirm: string
  /** What the other one says, where `Cancel` could be taken for the deed. */
  readonly refuse?: string
  /** Something is lost by it. */
  readonly isDangerous?: boolean
  /** Why it cannot be done now, if so. */
  readonly disabledReason?: string | undefined
  /** The dialog closes when it resolves, and shows the message when it rejects. */
  readonly onConfirm: () => Promise<unknown>
}

/** Asks before something is done, and stays until it is. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const {
    isOpen,
    onClose,
    title,
    children,
    confirm,
    refuse = 'Cancel',
    isDangerous = false,
    disabledReason,
    onConfirm,
  } = props
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string>()

  const close = () => {
    setProblem(undefined)
    onClose()
  }
  const act = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      await onConfirm()
      onClose()
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    } finally {
      setBusy(false)
    }
  }

  return (
    <Dialog
      isOpen={isOpen}
      onClose={close}
      title={title}
      actions={
        <>
          <Button onClick={close}>{isBusy ? 'Close' : refuse}</Button>
          <Button
            kind={isDangerous ? 'danger' : 'primary'}
            isBusy={isBusy}
            disabledReason={disabledReason}
            onClick={() => void act()}
          >
            {confirm}
          </Button>
        </>
      }
    >
      {children}
      {problem && <Note tone="bad">{problem}</Note>}
    </Dialog>
  )
}
