import { Link, useLocation } from '@tanstack/react-router'
import { useState } from 'react'
import { useSession } from '../data/session.ts'
import { Dialog } from '../ui/dialog.tsx'
import { Icon } from '../ui/icon.tsx'
import { VIEWS, type View } from '../views.ts'
import styles from './navigation.module.css'

/** On the left of wide screens. */
export function Navigation({ onHelp }: { readonly onHelp: () => void }) {
  return (
    <div className={styles.side}>
      <Link to="/" className={styles.brand}>
        <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width="24" height="24" /> Rollcall
      </Link>
      <nav aria-label="Views" className={styles.views}>
        {VIEWS.map((view) => (
          <ViewLink key={view.to} view={view} />
        ))}
      </nav>
      <Foot onHelp={onHelp} />
    </div>
  )
}

function Foot({ onHelp }: { readonly onHelp: () => void }) {
  const { data: session } = useSession()
  return (
    <div className={styles.foot}>
      <button type="button" className={styles.help} onClick={onHelp}>
        <Icon name="help" /> Help and keys <kbd className={styles.key}>?</kbd>
      </button>
      {session && <p className={styles.version}>Rollcall {session.version}</p>}
    </div>
  )
}

const ON_PHONE = VIEWS.slice(0, 4)
const BEHIND_MORE = VIEWS.slice(4)

/** At the bottom of phones. */
export function PhoneNavigation({ onHelp }: { readonly onHelp: () => void }) {
  const [isOpen, setOpen] = useState(false)
  const path = useLocation({ select: ({ pathname }) => pathname })
  const isBehind = BEHIND_MORE.some(({ to }) => path.startsWith(to))
  const help = () => {
    setOpen(false)
    onHelp()
  }
  return (
    <nav aria-label="Views" className={styles.bottom}>
      {ON_PHONE.map((view) => (
        <ViewLink key={view.to} view={view} />
      ))}
      <button
        type="button"
        className={styles.link}
        aria-haspopup="dialog"
        aria-current={isBehind || undefined}
        onClick={() => setOpen(true)}
      >
        <Icon name="menu" /> More
      </button>
      <Dialog isOpen={isOpen} onClose={() => setOpen(false)} title="More views">
        <div className={styles.views}>
          {BEHIND_MORE.map((view) => (
            <ViewLink key={view.to} view={view} onGo={() => setOpen(false)} />
          ))}
        </div>
        <Foot onHelp={help} />
      </Dialog>
    </nav>
  )
}

function ViewLink({ view, onGo }: { readonly view: View; readonly onGo?: () => void }) {
  return (
    <Link
      to={view.to}
      className={styles.link}
      activeOptions={{ exact: view.to === '/', includeSearch: false }}
      onClick={onGo}
    >
      <Icon name={view.icon} />
      <span>{view.title}</span>
    </Link>
  )
}
