import type { OpsLogin, OpsSession } from '@rollcall/roster'
import { type QueryClient, queryOptions, skipToken, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ApiError, isLoggedOut } from './api-error.ts'
import { fetchJson } from './fetch-json.ts'

const LOOK_AGAIN_MS = 60_000

/** Null: nobody is logged in. */
export const sessionQuery = queryOptions<OpsSession | null>({
  queryKey: ['session'],
  queryFn: async ({ client, signal }) => {
    try {
      return await fetchJson<OpsSession>('/session', { signal })
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error
      rememberWhy(client, error)
      return null
    }
  },
  staleTime: LOOK_AGAIN_MS,
  refetchInterval: LOOK_AGAIN_MS,
})

export const useSession = () => useQuery(sessionQuery)

const WHY_LOGGED_OUT = ['why-logged-out'] as const

/** For the login, to which whoever was logged in comes now. Without a cookie the api does not know that somebody was. */
export function rememberWhy(client: QueryClient, error: ApiError): void {
  if (isLoggedOut(error)) client.setQueryData(WHY_LOGGED_OUT, error.message)
  else if (client.getQueryData(sessionQuery.queryKey))
    client.setQueryData(WHY_LOGGED_OUT, 'You logged out in another window')
}

/** Why whoever was logged in here is so no longer; undefined: nobody was, or they logged out here. */
export const useWhyLoggedOut = () =>
  useQuery<string>({ queryKey: WHY_LOGGED_OUT, queryFn: skipToken, staleTime: Number.POSITIVE_INFINITY }).data

export function useLogin() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: OpsLogin) => fetchJson<OpsSession>('/session', { method: 'POST', body }),
    onSuccess: (session) => {
      forgetAll(client)
      client.setQueryData(sessionQuery.queryKey, session)
    },
  })
}

export function useLogout() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => fetchJson<void>('/session', { method: 'DELETE' }),
    onSuccess: () => {
      // Who looks at the session goes on looking: what is cleared with it, nobody would hear of again.
      client.setQueryData(sessionQuery.queryKey, null)
      forgetAll(client)
    },
  })
}

/** Nothing that somebody saw stays in this tab for another one. */
const forgetAll = (client: QueryClient): void =>
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] })

/** Configured ones that whoever is logged in may look at, the default one first. */
export function useDomains(): readonly string[] {
  const { data: session } = useSession()
  if (!session) return []
  const { domains, configuredDomains } = session
  return domains === '*' ? configuredDomains : configuredDomains.filter((domain) => domains.includes(domain))
}

/**
 * Why whoever is logged in may not act: on a domain, on what is of all of them (`'*'`: queues, tokens, settings), or, without
 * a domain, on whatever of a list is theirs.
 * Undefined: they may. It is said beside the disabled control; the server refuses besides.
 */
export function useRefusal(domain: string | undefined): string | undefined {
  const { data: session } = useSession()
  return session ? refusalOf(session, domain) : 'Nobody is logged in.'
}

export function refusalOf(
  { name, rights, domains }: Pick<OpsSession, 'name' | 'rights' | 'domains'>,
  domain: string | undefined,
) {
  if (!rights.includes('operate')) return `“${name}” may look and not act: that needs the right “operate”.`
  if (domains === '*' || domain === undefined) return undefined
  if (domain === '*') return `“${name}” may act for ${domains.join(', ')} only, and this concerns all domains.`
  const isTheirs = domains.some((one) => one === domain)
  return isTheirs ? undefined : `“${name}” may act for ${domains.join(', ')} only.`
}
