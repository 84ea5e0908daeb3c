import {
  type Domain,
  type OpsMadeToken,
  OpsNewToken,
  type OpsRight,
  type OpsToken,
  type OpsTokens,
} from '@rollcall/roster'
import { makeToken, type Right, type TokenEntry } from '@rollcall/runtime'
import type { KnownTokens, MadeToken } from '../known-tokens.ts'
import type { TokenUses } from '../token-uses.ts'
import { parseBody } from './body.ts'
import { insistOnAll, type Operator, OpsError, type OpsRoute } from './route.ts'

export interface TokenRoutesDeps {
  readonly tokens: KnownTokens
  readonly uses: TokenUses
  readonly domains: { has(domain: Domain): boolean }
}

/** Tokens made at run time at a time. */
const MOST_MADE = 1_000

/** Who looks sees rosters, and who acts refreshes them: they may let others do as much. */
const GIVEN_BY: Readonly<Record<Right, OpsRight>> = {
  view: 'view',
  read: 'view',
  operate: 'operate',
  notify: 'operate',
}

/** The tokens by name and last use; making one, taking one away. */
export function tokenRoutes({ tokens, uses, domains }: TokenRoutesDeps): OpsRoute[] {
  return [
    {
      method: 'get',
      path: '/tokens',
      right: 'view',
      scope: 'everywhere',
      async handle({ operator }): Promise<OpsTokens> {
        insistOnAll(operator, 'view')
        await tokens.look()
        const lastUses = await uses.read()
        const configured = tokens.configured.map((token) => tokenOf(token, 'configuration', lastUses))
        return { tokens: [...configured, ...newestFirst(tokens.made()).map((token) => madeTokenOf(token, lastUses))] }
      },
    },
    {
      method: 'post',
      path: '/tokens',
      right: 'operate',
      scope: 'everywhere',
      action: 'make-token',
      status: 201,
      async handle({ operator, body, tell }): Promise<OpsMadeToken> {
        const wanted = parseNewToken(body)
        tell(`${wanted.name}: ${wanted.rights.join(', ')} for ${listed(wanted.domains)}`)
        insistOnOwnRights(operator, wanted.rights)
        await tokens.look()
        insistOnRoom(wanted, { tokens, domains })
        const { token, entry } = makeToken(wanted)
        const made = { ...entry, createdAt: new Date().toISOString(), createdBy: operator.name }
        await tokens.add(made)
        return { token, entry: madeTokenOf(made, new Map()) }
      },
    },
    {
      method: 'delete',
      path: '/tokens/:id',
      right: 'operate',
      scope: 'everywhere',
      action: 'revoke-token',
      status: 204,
      async handle({ params: { id = '' }, tell }) {
        await tokens.look()
        const token = tokens.find(id)
        tell(token ? `${token.name} (${id})` : id)
        if (tokens.configured.some((entry) => entry.id === id))
          throw new OpsError(
            409,
            'This token is in the configuration: take it out of TOKENS there, and start Rollcall again',
          )
        if (!token || !(await tokens.remove(id))) throw new OpsError(404, 'There is no such token')
        await uses.forget(id)
      },
    },
  ]
}

const listed = (domains: TokenEntry['domains']): string => (domains === '*' ? 'all domains' : domains.join(', '))

function parseNewToken(body: unknown): OpsNewToken {
  const wanted = parseBody(OpsNewToken, body)
  return { ...wanted, rights: [...new Set(wanted.rights)] }
}

function insistOnOwnRights(operator: Operator, rights: readonly Right[]): void {
  const missing = rights.find((right) => !operator.rights.includes(GIVEN_BY[right]))
  if (missing)
    throw new OpsError(
      403,
      `"${operator.name}" has no right to ${GIVEN_BY[missing]}, and so cannot give the right to ${missing}`,
    )
}

function insistOnRoom(wanted: OpsNewToken, { tokens, domains }: Pick<TokenRoutesDeps, 'tokens' | 'domains'>): void {
  const foreign = wanted.domains === '*' ? undefined : wanted.domains.find((domain) => !domains.has(domain))
  if (foreign !== undefined) throw new OpsError(400, `${foreign} is not configured`)
  if ([...tokens.configured, ...tokens.made()].some(({ name }) => name === wanted.name))
    throw new OpsError(409, `There is a token "${wanted.name}" already: give each a name of its own, "app-2" say`)
  if (tokens.made().length >= MOST_MADE)
    throw new OpsError(409, `${MOST_MADE} tokens have been made already: revoke those that nobody uses`)
}

const newestFirst = (made: readonly MadeToken[]): MadeToken[] =>
  made.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))

const madeTokenOf = (token: MadeToken, lastUses: ReadonlyMap<string, number>): OpsToken => ({
  ...tokenOf(token, 'dashboard', lastUses),
  createdAt: token.createdAt,
  createdBy: token.createdBy,
})

function tokenOf(
  { id, name, rights, domains }: TokenEntry,
  from: OpsToken['from'],
  lastUses: ReadonlyMap<string, number>,
): OpsToken {
  const usedAt = lastUses.get(id)
  return {
    id,
    name,
    rights,
    domains,
    from,
    ...(usedAt !== undefined && { lastUsedAt: new Date(usedAt).toISOString() }),
  }
}
