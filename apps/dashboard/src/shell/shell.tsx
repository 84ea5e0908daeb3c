import { Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { LiveProvider } from '../data/live.tsx'
import { Find } from './find.tsx'
import { Gate } from './gate.tsx'
import { HealthPill } from './health-pill.tsx'
import { Help } from './help.tsx'
import { LiveIndicator } from './live-indicator.tsx'
import { Navigation, PhoneNavigation } from './navigation.tsx'
import { OldNote } from './old-note.tsx'
import styles from './shell.module.css'
import { useShortcuts } from './shortcuts.ts'
import { WhoMenu } from './who-menu.tsx'

/** What is around every view, for whoever is logged in. */
export function Shell() {
  return (
    <Gate>
      <LiveProvider>
        <Frame />
      </LiveProvider>
    </Gate>
  )
}

function Frame() {
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
        <div className={styles.state}>
          <LiveIndicator />
          <HealthPill />
          <WhoMenu />
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        <OldNote />
        <Outlet />
      </main>
      <PhoneNavigation onHelp={() => setHelpOpen(true)} />
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
