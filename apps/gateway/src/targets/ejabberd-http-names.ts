import { type BareJid, type Contact, printable, splitBareJid, type User } from '@rollcall/roster'
import { nodeprep } from './nodeprep.ts'
import { TargetError } from './target.ts'

/** Throws when ejabberd would take this user for another one. */
export function refuseMistakenUser({ jid, username }: User): void {
  const taken = nodeprep(username)
  if (taken === username) return
  throw new TargetError('target-user-unknown', `ejabberd takes ${printable(jid)} for ${printable(taken)}`, {
    scope: 'user',
    isTemporary: false,
  })
}

/** Throws when ejabberd would keep this contact under another JID. */
export function refuseMistakenContact({ jid }: Pick<Contact, 'jid'>): void {
  const taken = nodeprepped(jid)
  if (taken === jid) return
  throw new TargetError(
    'target-refused',
    `ejabberd would keep the contact ${printable(jid)} as ${printable(taken)}: his name needs another spelling there`,
    { scope: 'user', isTemporary: false },
  )
}

function nodeprepped(jid: BareJid): string {
  const { username, domain } = splitBareJid(jid)
  return username === undefined ? domain : `${nodeprep(username)}@${domain}`
}
