import type { OpsChange, V1Contact } from '@rollcall/roster'
import { formatCount, formatCountOf } from '../format/numbers.ts'
import { classes } from '../ui/classes.ts'
import { Icon, type IconName } from '../ui/icon.tsx'
import type { Tone } from '../ui/status-badge.tsx'
import tones from '../ui/tones.module.css'
import { ContactText } from './contact-text.tsx'
import styles from './diff-view.module.css'
import { differencesOf } from './differences.ts'

export interface Diff {
  readonly added: readonly V1Contact[]
  readonly updated: readonly V1Contact[]
  readonly removed: readonly string[]
}

type Kind = keyof typeof KINDS

const KINDS = {
  added: { icon: 'plus', word: 'Added', tone: 'good' },
  updated: { icon: 'pencil', word: 'Changed', tone: 'warn' },
  removed: { icon: 'minus', word: 'Removed', tone: 'bad' },
} as const satisfies Record<string, { icon: IconName; word: string; tone: Tone }>

interface DiffViewProps {
  readonly diff: Diff
  /** Lines; the rest is counted. */
  readonly most?: number
  /** As they are without the diff: of a changed one is shown what it was. */
  readonly before?: readonly V1Contact[] | undefined
}

/** Contact by contact what is added, changed and removed. */
export function DiffView({ diff, most = Number.POSITIVE_INFINITY, before }: DiffViewProps) {
  const lines = [
    ...diff.added.map((contact) => ({ kind: 'added', contact }) as const),
    ...diff.updated.map((contact) => ({ kind: 'updated', contact }) as const),
    ...diff.removed.map((jid) => ({ kind: 'removed', jid }) as const),
  ]
  return (
    <ul className={styles.lines}>
      {lines.slice(0, most).map((line) => (
        <li key={`${line.kind} ${line.kind === 'removed' ? line.jid : line.contact.jid}`} className={styles.line}>
          <Mark kind={line.kind} />
          {line.kind === 'removed' ? (
            <bdi>{line.jid}</bdi>
          ) : (
            <span>
              <ContactText contact={line.contact} />
              {line.kind === 'updated' && <Was contact={line.contact} before={before} />}
            </span>
          )}
        </li>
      ))}
      {lines.length > most && <li className={styles.rest}>and {formatCount(lines.length - most)} more</li>}
    </ul>
  )
}

interface WasProps {
  readonly contact: V1Contact
  readonly before: readonly V1Contact[] | undefined
}

function Was({ contact, before }: WasProps) {
  const known = before?.find(({ jid }) => jid === contact.jid)
  if (known === undefined) return null
  return (
    <span className={styles.was}>
      {differencesOf(known, contact).map(({ what, before: was }) => (
        <span key={what}>
          {what} was {was === '' ? 'empty' : <bdi>“{was}”</bdi>}
        </span>
      ))}
    </span>
  )
}

function Mark({ kind }: { readonly kind: Kind }) {
  const { icon, word, tone } = KINDS[kind]
  return (
    <span className={classes(styles.mark, tones[tone])} title={word}>
      <Icon name={icon} />
      <span className="visually-hidden">{word}</span>
    </span>
  )
}

/** An entry of the change log; one whose contacts are too many to be in it tells how many. */
export function ChangeView({ change, most }: { readonly change: OpsChange; readonly most?: number }) {
  const { counts, truncated } = change
  if (truncated) {
    const { added, updated, removed } = counts
    const parts = [
      added > 0 && `${formatCountOf(added, 'contact')} added`,
      updated > 0 && `${formatCount(updated)} changed`,
      removed > 0 && `${formatCount(removed)} removed`,
    ]
    return <p className={styles.rest}>{parts.filter(Boolean).join(', ')}: not kept one by one in the change log</p>
  }
  return <DiffView diff={change} {...(most !== undefined && { most })} />
}
