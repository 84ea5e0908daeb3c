import { type Domain, type OpsRight, parseUser, type User } from '@rollcall/roster'
import { insistOn, type OpsCall, OpsError } from './route.ts'

/** The user whom the path of a call names, for whom the caller has that right. Throws OpsError (400, 403). */
export function userOfCall({ params, operator }: OpsCall, right: OpsRight, defaultDomain: Domain): User {
  const user = parseUserOf(params.jid ?? '', defaultDomain)
  if (typeof user === 'string') throw new OpsError(400, user)
  insistOn(operator, right, user.domain)
  return user
}

/** `john`, of the default domain, or `john@example.org`, of any domain, configured or no more; else why it is none. */
export function parseUserOf(text: string, defaultDomain: Domain): User | string {
  const parsed = parseUser(text, { default: defaultDomain, has: () => true })
  return parsed.kind === 'user' ? parsed.user : parsed.failure.message
}
