import { type BareJid, type Contact, printable, splitBareJid, type User } from '@rollcall/roster'
import { TargetError } from './target.ts'

/**
 * ejabberd compares usernames by nodeprep (RFC 3920), which folds more than RFC 8265: it takes `straße` for `strasse`, who
 * may be somebody else, and keeps a contact under that name, where no comparison would ever find him. This is what nodeprep
 * does with those names that RFC 8265 leaves as they are; letters younger than Unicode 3.2 ejabberd refuses by itself.
 */
export function nodeprep(username: string): string {
  if (ASCII.test(username)) return username
  return [...username].map(fold).join('').normalize('NFKC')
}

/** Character by character: σ at the end of a word would come back as ς. */
const fold = (character: string): string =>
  character === DOTLESS_I ? character : character.toUpperCase().toLowerCase()

const ASCII = /^[\0-\x7f]*$/
const DOTLESS_I = 'ı'

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
