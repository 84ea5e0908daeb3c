import type { OpsFailedUsers, OpsFailures, OpsRetry } from '@rollcall/roster'
import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import { fetchJson } from './fetch-json.ts'
import { WHILE_THEY_ARE_TAKEN_MS } from './refreshes.ts'
import { useInParts } from './use-in-parts.ts'

const EVERY_MS = 5000

/** What is left out matches all. */
export interface FailureFilter {
  readonly code?: string | undefined
  readonly domain?: string | undefined
}

export const failuresQuery = ({ code, domain }: FailureFilter) =>
  queryOptions({
    queryKey: ['failures', 'groups', code ?? '', domain ?? ''],
    queryFn: ({ signal }) => fetchJson<OpsFailures>('/failures', { query: { code, domain }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: EVERY_MS,
  })

/** Who failed last comes first. */
export const failedUsersQuery = ({ code, domain }: FailureFilter) =>
  infiniteQueryOptions({
    queryKey: ['failures', 'users', code ?? '', domain ?? ''],
    queryFn: ({ pageParam, signal }) =>
      fetchJson<OpsFailedUsers>('/failures/users', { query: { code, domain, after: pageParam }, signal }),
    initialPageParam: '',
    getNextPageParam: (page: OpsFailedUsers) => page.next,
  })

/** Asks for all who match, at the time of the call. */
export function useRetryFailures(filter: FailureFilter) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () =>
      fetchJson<OpsRetry>('/failures/retry', {
        method: 'POST',
        body: bodyOf(filter),
        withinMs: WHILE_THEY_ARE_TAKEN_MS,
      }),
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: ['failures'] })
      await client.invalidateQueries({ queryKey: ['refreshes'] })
    },
  })
}

/** Of those who match it dismisses whoever had failed when that was looked at, however many calls it takes. */
export function useDismissFailures(filter: FailureFilter, seen: OpsFailures | undefined) {
  const until = seen?.groups
    .map(({ lastAt }) => lastAt)
    .sort()
    .at(-1) // one form of ISO 8601, by Redis' clock
  return useInParts('/failures/dismiss', { ...bodyOf(filter), ...(until && { until }) }, 'failures')
}

const bodyOf = ({ code, domain }: FailureFilter) => ({ ...(code && { code }), ...(domain && { domain }) })
