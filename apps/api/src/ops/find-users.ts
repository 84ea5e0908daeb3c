import { type Domain, type OpsUserPage, parseDomain, parseUsername, type User } from '@rollcall/roster'
import type { NameSearch, StoredUserRow, StoredUsers } from '@rollcall/runtime'
import { domainIn, limitIn } from './query.ts'
import { insistOn, may, type Operator, type OpsCall, OpsError } from './route.ts'
import { parseUserOf } from './user-of-call.ts'

export interface FindUsersDeps {
  readonly storedUsers: StoredUsers
  /** Those configured. */
  readonly domains: Pick<ReadonlyMap<Domain, unknown>, 'keys'>
  readonly defaultDomain: Domain
}

const ROWS = 50
const MOST_ROWS = 100
/** No name is longer. */
const LONGEST_PREFIX = 1023

/**
 * `?prefix=jo&domain=example.org&after=&limit=`: stored users whose names begin so, in the domain (default: the default one;
 * '*': in all that the caller may view). With an @ it is the beginning of a JID: `john@exam` finds john in example.org.
 */
export async function findUsers({ operator, query }: OpsCall, deps: FindUsersDeps): Promise<OpsUserPage> {
  const startedAt = performance.now()
  const limit = limitIn(query, ROWS, MOST_ROWS)
  const after = query.after ? userAfter(query.after, deps.defaultDomain) : null
  const searches = searchesFor(query, operator, deps)
  const { rows, last } = await deps.storedUsers.find(searches, after, limit)
  return { users: rows.map(toRow), next: last?.jid ?? null, tookMs: performance.now() - startedAt }
}

function searchesFor(
  query: OpsCall['query'],
  operator: Operator,
  { domains, defaultDomain }: FindUsersDeps,
): NameSearch[] {
  const text = query.prefix?.trim() ?? ''
  if (text.length > LONGEST_PREFIX) return []
  const viewable = [...domains.keys()].filter((one) => may(operator, 'view', one))
  const at = text.indexOf('@')
  if (at !== -1) {
    const [prefix, beginning] = [normalised(text.slice(0, at)), text.slice(at + 1).toLowerCase()]
    return domainsOf(beginning, viewable, operator).map((one) => ({ domain: one, prefix, isWhole: prefix !== '' }))
  }
  const prefix = normalised(text)
  if (query.domain === '*') return viewable.map((one) => ({ domain: one, prefix }))
  const domain = domainIn(query)
  if (domain !== undefined) {
    insistOn(operator, 'view', domain)
    return [{ domain, prefix }]
  }
  const first = may(operator, 'view', defaultDomain) ? defaultDomain : viewable[0]
  return first === undefined ? [] : [{ domain: first, prefix }]
}

/** Those that begin so; also one that is configured no more, when it stands there whole. */
function domainsOf(beginning: string, viewable: readonly Domain[], operator: Operator): Domain[] {
  const parsed = parseDomain(beginning)
  const whole = parsed.kind === 'valid' && may(operator, 'view', parsed.domain) ? [parsed.domain] : []
  return [...new Set([...viewable.filter((domain) => domain.startsWith(beginning)), ...whole])]
}

/** As usernames are; the beginning of one need not be one itself. */
function normalised(prefix: string): string {
  const parsed = parseUsername(prefix)
  return parsed.kind === 'valid' ? parsed.username : prefix.toLowerCase().normalize('NFC')
}

function userAfter(text: string, defaultDomain: Domain): User {
  const user = parseUserOf(text, defaultDomain)
  if (typeof user === 'string') throw new OpsError(400, '?after= is no user: give "next" of the page before')
  return user
}

const toRow = ({ user, contacts, version, fetchedAt, stale }: StoredUserRow): OpsUserPage['users'][number] => ({
  jid: user.jid,
  username: user.username,
  domain: user.domain,
  contacts,
  version,
  fetchedAt: new Date(fetchedAt).toISOString(),
  isStale: stale,
})
