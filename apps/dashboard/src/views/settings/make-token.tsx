import type { OpsMadeToken, OpsNewToken } from '@rollcall/roster'
import { type FormEvent, useState } from 'react'
import { useSession } from '../../data/session.ts'
import { useMakeToken } from '../../data/settings.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Checkbox, Field, Input } from '../../ui/field.tsx'
import { Note } from '../../ui/note.tsx'
import { useToast } from '../../ui/use-toast.ts'
import styles from './settings-view.module.css'

interface MakeTokenProps {
  readonly isOpen: boolean
  readonly onClose: () => void
}

/** Asks what the token is for, makes it, and shows it: this once. */
export function MakeToken({ isOpen, onClose }: MakeTokenProps) {
  const [made, setMade] = useState<OpsMadeToken>()
  const close = () => {
    setMade(undefined)
    onClose()
  }
  return made === undefined ? (
    <AskForToken isOpen={isOpen} onClose={close} onMade={setMade} />
  ) : (
    <ShowToken made={made} onClose={close} />
  )
}

const RIGHTS: readonly { readonly right: OpsNewToken['rights'][number]; readonly does: string }[] = [
  { right: 'notify', does: 'ask for refreshes: the application that owns the rosters' },
  { right: 'read', does: 'read rosters: XMPP servers' },
  { right: 'view', does: 'look at the dashboard' },
  { right: 'operate', does: 'act in the dashboard' },
]

function AskForToken({ isOpen, onClose, onMade }: MakeTokenProps & { readonly onMade: (made: OpsMadeToken) => void }) {
  const { data: session } = useSession()
  const { mutate: make, isPending } = useMakeToken()
  const [problem, setProblem] = useState<{
    readonly of: 'name' | 'rights' | 'domains' | 'all'
    readonly text: string
  }>()
  const domains = session?.configuredDomains ?? []

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const chosen = domains.filter((domain) => form.getAll('domains').includes(domain))
    const token: OpsNewToken = {
      name: String(form.get('name')).trim(),
      rights: RIGHTS.map(({ right }) => right).filter((right) => form.getAll('rights').includes(right)),
      domains: form.has('everywhere') ? '*' : chosen,
    }
    if (token.name === '') return setProblem({ of: 'name', text: 'Write a name for people, such as “contacts-app”.' })
    if (token.rights.length === 0) return setProblem({ of: 'rights', text: 'Choose at least one right.' })
    if (token.domains.length === 0) return setProblem({ of: 'domains', text: 'Choose all domains, or at least one.' })
    setProblem(undefined)
    make(token, { onSuccess: onMade, onError: (error) => setProblem({ of: 'all', text: error.message }) })
  }
  const problemOf = (of: string) => (problem?.of === of ? problem.text : undefined)

  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title="Make a token"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form="make-token" isBusy={isPending}>
            Make
          </Button>
        </>
      }
    >
      <form id="make-token" className={styles.form} onSubmit={submit} noValidate>
        <Field label="Name" hint="Stands in the audit log and beside refreshes." error={problemOf('name')}>
          <Input name="name" maxLength={100} />
        </Field>
        <fieldset className={styles.choices}>
          <legend>Rights</legend>
          {RIGHTS.map(({ right, does }) => (
            <Checkbox
              key={right}
              name="rights"
              value={right}
              label={
                <>
                  <code>{right}</code> <span className={styles.more}>{does}</span>
                </>
              }
            />
          ))}
          <Problem text={problemOf('rights')} />
        </fieldset>
        <Domains domains={domains} problem={problemOf('domains')} />
        {problemOf('all') && <Note tone="bad">{problemOf('all')}</Note>}
      </form>
    </Dialog>
  )
}

function Domains({ domains, problem }: { readonly domains: readonly string[]; readonly problem: string | undefined }) {
  const [isEverywhere, setEverywhere] = useState(true)
  return (
    <fieldset className={styles.choices}>
      <legend>Domains</legend>
      <Checkbox
        name="everywhere"
        checked={isEverywhere}
        onChange={({ target }) => setEverywhere(target.checked)}
        label="all, also those that are configured later"
      />
      {!isEverywhere && domains.map((domain) => <Checkbox key={domain} name="domains" value={domain} label={domain} />)}
      <Problem text={problem} />
    </fieldset>
  )
}

const Problem = ({ text }: { readonly text: string | undefined }) =>
  text && (
    <p className={styles.error} role="alert">
      {text}
    </p>
  )

function ShowToken({ made, onClose }: { readonly made: OpsMadeToken; readonly onClose: () => void }) {
  const say = useToast()
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(made.token)
      say('good', 'The token is copied.')
    } catch {
      say('bad', 'The browser does not let it be copied: select it, and copy it by hand.')
    }
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`“${made.entry.name}” is made`}
      actions={
        <Button kind="primary" onClick={onClose}>
          I have it
        </Button>
      }
    >
      <Note tone="warn">It is shown this once: Rollcall keeps only a hash of it.</Note>
      <div className={styles.secret}>
        <code>{made.token}</code>
        <Button icon="copy" onClick={() => void copy()}>
          Copy
        </Button>
      </div>
    </Dialog>
  )
}
