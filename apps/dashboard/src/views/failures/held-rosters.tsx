import type { OpsJudgement } from '@rollcall/roster'
import { useState } from 'react'
import { useJudgeEmptied } from '../../data/emptied.ts'
import { useLive } from '../../data/live.tsx'
import { useRefusal } from '../../data/session.ts'
import { formatCountOf } from '../../format/numbers.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { Note } from '../../ui/note.tsx'
import { RelativeTime } from '../../ui/relative-time.tsx'
import { useToast } from '../../ui/use-toast.ts'
import styles from './held-rosters.module.css'

/** Backends that have given too many empty rosters: somebody has to say whether these are right. */
export function HeldRosters({ domain }: { readonly domain: string | undefined }) {
  const backends = useLive(({ snapshot }) => snapshot?.backends)
  const held = backends?.filter((one) => one.state === 'held' && (domain === undefined || one.domain === domain))
  return held?.map((one) => <Held key={one.domain} domain={one.domain} since={one.since} />)
}

interface HeldProps {
  readonly domain: string
  readonly since: string | undefined
}

function Held({ domain, since }: HeldProps) {
  const refusal = useRefusal(domain)
  const judge = useJudgeEmptied(domain)
  const toast = useToast()
  const [asked, setAsked] = useState<OpsJudgement['action']>()
  const act = async (action: OpsJudgement['action']) => {
    const { fetchedAgain } = await judge.mutateAsync(action)
    toast('good', `${formatCountOf(fetchedAgain, 'user')} of ${domain} are fetched again`)
  }
  return (
    <Note tone="warn">
      <p>
        <strong>The backend of {domain} has given empty rosters to too many users</strong>
        {since !== undefined && (
          <>
            , since <RelativeTime at={since} />
          </>
        )}
        . Further ones are held back, and what was stored is served. Has it lost its data, or should they be empty?
      </p>
      <div className={styles.actions}>
        <Button disabledReason={refusal} onClick={() => setAsked('reject')}>
          They are wrong…
        </Button>
        <Button disabledReason={refusal} onClick={() => setAsked('confirm')}>
          They should be empty…
        </Button>
      </div>
      <ConfirmDialog
        isOpen={asked === 'reject'}
        onClose={() => setAsked(undefined)}
        title={`Has the backend of ${domain} been mended?`}
        confirm="It has been mended"
        onConfirm={() => act('reject')}
      >
        <p>
          All failed users of {domain} are fetched again, and the guard watches anew. Of a backend that still gives
          empty rosters some more are stored before it holds them back again.
        </p>
      </ConfirmDialog>
      <ConfirmDialog
        isOpen={asked === 'confirm'}
        onClose={() => setAsked(undefined)}
        title={`Store the empty rosters of ${domain}?`}
        confirm="Store them"
        isDangerous
        onConfirm={() => act('confirm')}
      >
        <p>
          All failed users of {domain} are fetched again. Empty rosters are stored for an hour, and targets remove the
          contacts of these users.
        </p>
      </ConfirmDialog>
    </Note>
  )
}
