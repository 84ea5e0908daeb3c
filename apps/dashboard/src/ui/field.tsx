import { type ComponentProps, cloneElement, type ReactElement, type ReactNode, useId } from 'react'
import { classes } from './classes.ts'
import styles from './field.module.css'

interface FieldProps {
  readonly label: string
  /** The label is read aloud only: where the place says what it is. */
  readonly isLabelHidden?: boolean
  readonly hint?: ReactNode
  /** What is wrong with what stands in it, and what to write instead. */
  readonly error?: string | undefined
  readonly children: ReactElement<ComponentProps<'input'>>
}

/** A label, its control, and what is to be said about it. */
export function Field({ label, isLabelHidden = false, hint, error, children }: FieldProps) {
  const id = useId()
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ')
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={isLabelHidden ? 'visually-hidden' : styles.label}>
        {label}
      </label>
      {cloneElement(children, {
        id,
        ...(described === '' ? {} : { 'aria-describedby': described }),
        ...(error ? { 'aria-invalid': true } : {}),
      })}
      {hint && (
        <div id={`${id}-hint`} className={styles.hint}>
          {hint}
        </div>
      )}
      {error && (
        <div id={`${id}-error`} className={styles.error} role="alert">
          {error}
        </div>
      )}
    </div>
  )
}

export const Input = ({ className, ...props }: ComponentProps<'input'>) => (
  <input autoComplete="off" spellCheck={false} {...props} className={classes(styles.control, className)} />
)

/** The browser's own: it is good on phones, by keyboard and for screen readers. */
export const Select = ({ className, ...props }: ComponentProps<'select'>) => (
  <select {...props} className={classes(styles.control, styles.select, className)} />
)

interface CheckboxProps extends Omit<ComponentProps<'input'>, 'type'> {
  readonly label: ReactNode
}

export const Checkbox = ({ label, className, ...props }: CheckboxProps) => (
  <label className={classes(styles.checkbox, className)}>
    <input type="checkbox" {...props} />
    <span>{label}</span>
  </label>
)

/** Controls in one row, above a list; below each other on phones. */
export const Filters = ({ children }: { readonly children: ReactNode }) => (
  <search className={styles.filters}>{children}</search>
)
