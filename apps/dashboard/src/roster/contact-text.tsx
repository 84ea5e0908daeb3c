import type { V1Contact } from '@rollcall/roster'
import styles from './contact-text.module.css'
import { presenceOf } from './presence.ts'

/** A contact in one line. All of it is somebody's text: shown as text, each part in its own direction. */
export function ContactText({ contact }: { readonly contact: V1Contact }) {
  const { jid, name, groups } = contact
  return (
    <span className={styles.contact}>
      {name !== undefined && <bdi className={styles.name}>{name}</bdi>}
      <bdi className={name === undefined ? undefined : styles.jid}>{jid}</bdi>
      <span className={styles.rest}>
        {presenceOf(contact)}
        {groups.length > 0 && ' · '}
        <Groups groups={groups} />
      </span>
    </span>
  )
}

export const Groups = ({ groups }: { readonly groups: readonly string[] }) =>
  groups.map((group, i) => (
    <span key={group}>
      {i > 0 && ', '}
      <bdi>{group}</bdi>
    </span>
  ))
