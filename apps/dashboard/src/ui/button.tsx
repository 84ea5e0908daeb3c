import { type ComponentProps, type MouseEvent, useId } from 'react'
import styles from './button.module.css'
import { classes } from './classes.ts'
import { Icon, type IconName } from './icon.tsx'
import { Tooltip } from './tooltip.tsx'
import { useToast } from './use-toast.ts'

export interface ButtonProps extends Omit<ComponentProps<'button'>, 'disabled'> {
  /** `primary`: what one most likely came for, one in a view; `danger`: something is lost; `quiet`: without a frame. */
  readonly kind?: 'primary' | 'plain' | 'danger' | 'quiet'
  readonly icon?: IconName
  /** Why it cannot be used now: shown on hover and focus, and read aloud. It can still be focused, so that one finds out. */
  readonly disabledReason?: string | undefined
  /** Something it began is under way. */
  readonly isBusy?: boolean
}

export function Button({ disabledReason, isBusy = false, ...props }: ButtonProps) {
  if (disabledReason === undefined) return <Plain {...props} isBusy={isBusy} />
  return <Disabled {...props} reason={disabledReason} />
}

function Disabled({ reason, children, ...props }: ButtonProps & { readonly reason: string }) {
  const id = useId()
  const say = useToast()
  // A finger does not hover: whoever taps is told, too.
  const tell = (event: MouseEvent) => {
    event.preventDefault()
    say('bad', reason)
  }
  return (
    <>
      <Tooltip text={reason}>
        <Plain {...props} onClick={tell} aria-disabled aria-describedby={id}>
          {children}
        </Plain>
      </Tooltip>
      <span id={id} className="visually-hidden">
        {reason}
      </span>
    </>
  )
}

function Plain({ kind = 'plain', icon, isBusy = false, className, children, onClick, ...props }: ButtonProps) {
  return (
    <button
      type="button"
      {...props}
      className={classes(styles.button, styles[kind], className)}
      onClick={isBusy ? preventDefault : onClick}
      {...(isBusy ? { 'aria-busy': true, 'aria-disabled': true } : {})}
    >
      {isBusy ? <span className={styles.spinner} /> : icon && <Icon name={icon} />}
      {children}
    </button>
  )
}

const preventDefault = (event: MouseEvent) => event.preventDefault()

interface IconButtonProps extends Omit<ButtonProps, 'children' | 'icon'> {
  readonly icon: IconName
  /** Its name, for screen readers and on hover. */
  readonly label: string
}

/** A button that is only an icon. */
export function IconButton({ label, kind = 'quiet', className, ...props }: IconButtonProps) {
  const button = <Button {...props} kind={kind} aria-label={label} className={classes(styles.square, className)} />
  return props.disabledReason === undefined ? <Tooltip text={label}>{button}</Tooltip> : button
}
