import { Tabs as Radix } from 'radix-ui'
import { type ReactNode, useEffect, useRef } from 'react'
import { classes } from './classes.ts'
import styles from './tabs.module.css'

interface Tab<Value extends string> {
  readonly value: Value
  readonly label: ReactNode
  readonly content: ReactNode
}

interface TabsProps<Value extends string> {
  /** What it is that the tabs choose from, for screen readers. */
  readonly label: string
  readonly value: Value
  readonly onChange: (value: Value) => void
  readonly tabs: readonly Tab<Value>[]
  /** In a card without room around its content. */
  readonly isFlush?: boolean
}

/** Which one is open is for the view to keep, in its address. */
export function Tabs<Value extends string>({ label, value, onChange, tabs, isFlush = false }: TabsProps<Value>) {
  const list = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: whichever is chosen is in sight, where there is no room for all
  useEffect(() => bringIntoSight(list.current), [value])
  return (
    <Radix.Root value={value} onValueChange={(chosen) => onChange(chosen as Value)}>
      <Radix.List ref={list} className={classes(styles.list, isFlush && styles.flushList)} aria-label={label}>
        {tabs.map((tab) => (
          <Radix.Trigger key={tab.value} value={tab.value} className={styles.tab}>
            {tab.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content key={tab.value} value={tab.value} className={isFlush ? undefined : styles.content}>
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  )
}

/** Sideways only: the page stays where it is. */
function bringIntoSight(list: HTMLElement | null): void {
  const chosen = list?.querySelector<HTMLElement>('[data-state="active"]')
  if (!list || !chosen) return
  const start = chosen.offsetLeft - list.offsetLeft
  list.scrollLeft = Math.min(start, Math.max(list.scrollLeft, start + chosen.offsetWidth - list.clientWidth))
}
