import { type BareJid, type Domain, splitBareJid, type User } from '@rollcall/roster'
import { domainIn } from './query.ts'
import { insistOn, may, type OpsCall, OpsError } from './route.ts'
import { parseUserOf } from './user-of-call.ts'

export interface ChangeFilter {
  /** Only this one's. */
  readonly user: User | null
  isFor(jid: BareJid): boolean
}

/** `?domain=&user=`: what the caller wants of the change log, and may see. Throws OpsError (400, 403). */
export function changeFilter({ operator, query }: OpsCall, defaultDomain: Domain): ChangeFilter {
  const domain = query.domain === '*' ? undefined : domainIn(query)
  if (domain !== undefined) insistOn(operator, 'view', domain)
  if (query.user) {
    const user = parseUserOf(query.user.trim(), domain ?? defaultDomain)
    if (typeof user === 'string') throw new OpsError(400, user)
    insistOn(operator, 'view', user.domain)
    return { user, isFor: (jid) => jid === user.jid }
  }
  return {
    user: null,
    isFor(jid) {
      const of = splitBareJid(jid).domain
      return domain === undefined ? may(operator, 'view', of) : of === domain
    },
  }
}
