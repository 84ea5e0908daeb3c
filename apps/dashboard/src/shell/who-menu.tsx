import type { OpsSession } from '@rollcall/roster'
import { Popover } from 'radix-ui'
import { useLogout, useSession } from '../data/session.ts'
import { formatAbsolute } from '../format/times.ts'
import { Button } from '../ui/button.tsx'
import { Icon } from '../ui/icon.tsx'
import { useToast } from '../ui/use-toast.ts'
import styles from './who-menu.module.css'

/** Who is logged in, what they may do, and the way out. */
export function WhoMenu() {
  const { data: session } = useSession()
  const { mutateAsync: logout, isPending } = useLogout()
  const say = useToast()
  if (!session) return null
  const leave = () => void logout().catch((error: Error) => say('bad', error.message))
  return (
    <Popover.Root>
      <Popover.Trigger className={styles.who} aria-label={`Logged in: ${session.name}`}>
        <Icon name="person" />
        <span className={styles.name}>{session.name}</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          className={styles.menu}
          align="end"
          sideOffset={8}
          collisionPadding={8}
          aria-label="Who is logged in"
        >
          <strong>{session.name}</strong>
          <p>{mayOf(session)}</p>
          <p>{BY[session.by]}</p>
          {session.expiresAt && <p>Until {formatAbsolute(session.expiresAt)}.</p>}
          {session.by === 'token' && (
            <Button icon="leave" isBusy={isPending} onClick={leave}>
              Log out
            </Button>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

const BY: Record<OpsSession['by'], string> = {
  token: 'Logged in with a token.',
  proxy: 'The proxy in front of Rollcall says so.',
  loopback: 'No tokens are configured: whoever is on this machine may do everything, and nobody logs in.',
}

function mayOf({ rights, domains }: OpsSession): string {
  const where = domains === '*' ? 'all domains' : domains.join(', ')
  return rights.includes('operate') ? `May look and act, for ${where}.` : `May look and not act, at ${where}.`
}
