import { type BareJid, printable, type User } from '@rollcall/roster'
import type { EjabberdApi } from './ejabberd-http-api.ts'
import { refuseMistakenUser } from './ejabberd-http-names.ts'
import { TargetError } from './target.ts'

/** A user is looked for once for all that is written in one go, not once for each contact. */
const REMEMBERED_MS = 5_000
const MAX_REMEMBERED = 10_000

/** ejabberd takes a roster for somebody whom it does not know, and says that all is well. */
export function accounts(api: EjabberdApi) {
  const seen = new Map<BareJid, number>()

  function remember({ jid }: User): void {
    if (seen.size >= MAX_REMEMBERED) seen.clear()
    seen.set(jid, performance.now())
  }

  return {
    /** He has contacts, which go with his account: so there is one, and nobody need ask. */
    remember,

    /** Throws a TargetError when ejabberd has no account of this user. */
    async check(user: User, signal: AbortSignal): Promise<void> {
      refuseMistakenUser(user)
      if (performance.now() - (seen.get(user.jid) ?? Number.NEGATIVE_INFINITY) < REMEMBERED_MS) return
      const answer = await api.call('check_account', { user: user.username, host: user.domain }, signal)
      if (answer.kind === 'refused' || answer.result !== 0) {
        const message = `ejabberd has no account ${printable(user.jid)}`
        throw new TargetError('target-user-unknown', message, { scope: 'user', isTemporary: false })
      }
      remember(user)
    },
  }
}
