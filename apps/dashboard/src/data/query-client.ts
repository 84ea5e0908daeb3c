import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiError, isPassing, untilItPasses } from './api-error.ts'
import { rememberWhy, sessionQuery } from './session.ts'

/** As often is asked again at once when the api or Redis is away. */
const RETRIES = 1

/** Of an answer: two parts of a page that need the same do not ask twice. */
const FRESH_FOR_MS = 1000

/** Whoever is logged out, by time or by a revoked token, comes to the login, and back to the same URL. */
export function queryClient(): QueryClient {
  const onError = (error: unknown): void => {
    if (!(error instanceof ApiError) || error.status !== 401) return
    rememberWhy(client, error)
    client.setQueryData(sessionQuery.queryKey, null)
  }
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        networkMode: 'always', // a machine without a network still has its loopback
        staleTime: FRESH_FOR_MS,
        refetchInterval: ({ state }) => untilItPasses(state.error),
        retry: (failures, error) => isPassing(error) && failures < RETRIES,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  })
  return client
}
