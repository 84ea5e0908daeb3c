import { Toast as Radix } from 'radix-ui'
import { type ReactNode, useMemo, useRef, useState } from 'react'
import { IconButton } from './button.tsx'
import { classes } from './classes.ts'
import { Icon } from './icon.tsx'
import styles from './toast.module.css'
import { type Say, ToastContext, type ToastTone } from './use-toast.ts'

const SHOWN_MS = 6_000

export function Toasts({ children }: { readonly children: ReactNode }) {
  const [shown, setShown] = useState<readonly { id: number; tone: ToastTone; text: string }[]>([])
  const last = useRef(0)
  const say = useMemo<Say>(
    () => (tone, text) => {
      last.current += 1
      const toast = { id: last.current, tone, text }
      setShown((toasts) => [...toasts, toast])
    },
    [],
  )
  const forget = (id: number) => setShown((toasts) => toasts.filter((toast) => toast.id !== id))

  return (
    <Radix.Provider duration={SHOWN_MS} label="Message">
      <ToastContext value={say}>{children}</ToastContext>
      {shown.map(({ id, tone, text }) => (
        <Radix.Root key={id} className={styles.toast} onOpenChange={(isOpen) => !isOpen && forget(id)}>
          <span className={classes(styles.icon, styles[tone])}>
            <Icon name={tone === 'good' ? 'good' : 'failures'} />
          </span>
          <Radix.Description className={styles.text}>{text}</Radix.Description>
          <Radix.Close asChild>
            <IconButton icon="close" label="Close" />
          </Radix.Close>
        </Radix.Root>
      ))}
      <Radix.Viewport className={styles.viewport} />
    </Radix.Provider>
  )
}
