import { Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { Find } from './find.tsx'
import { Help } from './help.tsx'
import { Navigation, PhoneNavigation } from './navigation.tsx'
import styles from './shell.module.css'
import { useShortcuts } from './shortcuts.ts'

/** What is around every view. */
export function Shell() {
  const [isHelpOpen, setHelpOpen] = useState(false)
  const find = useRef<HTMLInputElement>(null)
  useShortcuts({ onFind: () => find.current?.focus(), onHelp: () => setHelpOpen(true) })
  const main = useFocusAfterMove()

  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to the content
      </a>
      <Navigation onHelp={() => setHelpOpen(true)} />
      <header className={styles.bar}>
        <Find ref={find} />
      </header>
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        <Outlet />
      </main>
      <PhoneNavigation />
      <Help isOpen={isHelpOpen} onClose={() => setHelpOpen(false)} />
    </div>
  )
}

/** In another view, one begins at its top, by keyboard as well. */
function useFocusAfterMove() {
  const main = useRef<HTMLElement>(null)
  const path = useRouterState({ select: ({ location }) => location.pathname })
  const last = useRef(path)
  useEffect(() => {
    if (last.current === path) return
    last.current = path
    main.current?.focus({ preventScroll: true })
  }, [path])
  return main
}
