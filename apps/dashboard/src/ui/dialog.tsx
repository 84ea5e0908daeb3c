import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { IconButton } from './button.tsx'
import { classes } from './classes.ts'
import styles from './dialog.module.css'

interface DialogProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly title: string
  /** `side`: the navigation of phones, `wide`: something to read. */
  readonly size?: 'plain' | 'wide' | 'side'
  readonly children: ReactNode
  /** Its buttons, the one that does it last. */
  readonly actions?: ReactNode
}

/**
 * Over everything: focus stays in it until it is closed, and goes back to where it was.
 *
 * The backdrop is our own: that of Radix writes a <style> into the page, which the policy of the api refuses.
 */
export function Dialog({ isOpen, onClose, title, size = 'plain', children, actions }: DialogProps) {
  return (
    <Radix.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Radix.Portal>
        <div className={styles.over}>
          <div className={styles.backdrop} />
          <Radix.Content
            className={classes(styles.dialog, styles[size])}
            aria-describedby={undefined}
            data-modal
            onOpenAutoFocus={(event) => {
              rememberOpener()
              focusFirstField(event)
            }}
            onCloseAutoFocus={focusOpener}
          >
            <div className={styles.head}>
              <Radix.Title className={styles.title}>{title}</Radix.Title>
              <Radix.Close asChild>
                <IconButton icon="close" label="Close" />
              </Radix.Close>
            </div>
            <div className={styles.body}>{children}</div>
            {actions && <div className={styles.actions}>{actions}</div>}
          </Radix.Content>
        </div>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** What had the focus when the first of the dialogs was opened that are open: one may lead to another. */
let opener: Element | null = null

function rememberOpener(): void {
  const focused = document.activeElement
  if (focused !== document.body && !focused?.closest('[data-modal]')) opener = focused
}

/** One goes on where one was; when that is no longer there (its row is gone), at the beginning of the view. */
function focusOpener(event: Event): void {
  event.preventDefault()
  if (document.activeElement !== document.body || document.querySelector('[data-modal]')) return
  const place = opener?.isConnected ? opener : document.querySelector('main')
  if (place instanceof HTMLElement) place.focus({ preventScroll: place.matches('main') })
}

/** One begins at what there is to fill in, else at the dialog itself: not at its close button, which is what comes first. */
function focusFirstField(event: Event): void {
  event.preventDefault()
  const dialog = event.currentTarget as HTMLElement
  const field = dialog.querySelector<HTMLElement>('input, select, textarea')
  ;(field ?? dialog).focus()
}
