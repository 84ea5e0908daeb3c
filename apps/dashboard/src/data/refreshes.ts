import type { OpsRefresh, OpsRefreshPage, OpsRefreshUserState, OpsRefreshUsers, OpsRetry } from '@rollcall/roster'
import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import { untilItPasses } from './api-error.ts'
import { fetchJson, pathOf } from './fetch-json.ts'
import { useInParts } from './use-in-parts.ts'

const LIST_EVERY_MS = 5000
const RUNNING_EVERY_MS = 1000

/** To write down whom to ask for takes a while when there are a million. */
export const WHILE_THEY_ARE_TAKEN_MS = 120_000

export interface RefreshFilter {
  readonly state?: string | undefined
  readonly caller?: string | undefined
  readonly domain?: string | undefined
}

/** The newest first. It is looked at again while only its first page is open: nothing moves under who reads further down. */
export const refreshesQuery = ({ state, caller, domain }: RefreshFilter) =>
  infiniteQueryOptions({
    queryKey: ['refreshes', 'list', state ?? '', caller ?? '', domain ?? ''],
    queryFn: ({ pageParam, signal }) =>
      fetchJson<OpsRefreshPage>('/refreshes', { query: { state, caller, domain, before: pageParam }, signal }),
    initialPageParam: '',
    getNextPageParam: (page: OpsRefreshPage) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) => ((data?.pages.length ?? 0) > 1 ? false : LIST_EVERY_MS),
  })

export const refreshQuery = (id: string) =>
  queryOptions({
    queryKey: ['refreshes', 'one', id],
    queryFn: ({ signal }) => fetchJson<OpsRefresh>(pathOf('refreshes', id), { signal }),
    refetchInterval: ({ state: { data, error } }) =>
      data?.state === 'running' ? RUNNING_EVERY_MS : untilItPasses(error),
  })

/** Of one that runs, the first page is looked at again as the list is. */
export const refreshUsersQuery = (id: string, state: OpsRefreshUserState, isRunning: boolean) =>
  infiniteQueryOptions({
    queryKey: ['refreshes', 'users', id, state],
    queryFn: ({ pageParam, signal }) =>
      fetchJson<OpsRefreshUsers>(pathOf('refreshes', id, 'users'), { query: { state, after: pageParam }, signal }),
    initialPageParam: '',
    getNextPageParam: (page: OpsRefreshUsers) => page.next,
    refetchInterval: ({ state: { data, error } }) =>
      isRunning && (data?.pages.length ?? 0) < 2 ? LIST_EVERY_MS : untilItPasses(error),
  })

export function useRetryRefresh(id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () =>
      fetchJson<OpsRetry>(pathOf('refreshes', id, 'retry'), { method: 'POST', withinMs: WHILE_THEY_ARE_TAKEN_MS }),
    onSettled: () => client.invalidateQueries({ queryKey: ['refreshes'] }),
  })
}

/** Cancels what is left of it, a part at a time; `progress` is that of the action as it goes on. */
export function useCancelRefresh(id: string) {
  return useInParts(pathOf('refreshes', id, 'cancel'), undefined, 'refreshes')
}
