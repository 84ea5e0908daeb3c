import type { OpsComparison, OpsDropped, OpsUser, OpsUserPage, RefreshSummary } from '@rollcall/roster'
import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import { fetchJson, pathOf } from './fetch-json.ts'

/** A backend may take its time, and the api answers by its own deadline. */
const WHILE_A_BACKEND_ANSWERS_MS = 120_000

const WHILE_OPEN_MS = 1000
const AT_REST_MS = 10_000

/** Stored users whose names begin so, in the order of their names; `domain` '*': in all. A search that goes on cancels the one before. */
export const userSearchQuery = ({ prefix, domain }: { prefix: string; domain?: string | undefined }) =>
  infiniteQueryOptions({
    queryKey: ['users', 'search', prefix, domain ?? ''],
    queryFn: ({ pageParam, signal }) =>
      fetchJson<OpsUserPage>('/users', { query: { prefix, domain, after: pageParam }, signal }),
    initialPageParam: '',
    getNextPageParam: (page: OpsUserPage) => page.next,
    placeholderData: keepPreviousData,
  })

/** Looked at again every second while a fetch is waited for. */
export const userQuery = (jid: string) =>
  queryOptions({
    queryKey: ['users', 'one', jid],
    queryFn: ({ signal }) => fetchJson<OpsUser>(pathOf('users', jid), { signal }),
    refetchInterval: ({ state: { data } }) =>
      data?.refresh.openSince !== undefined || (data?.job ?? null) !== null ? WHILE_OPEN_MS : AT_REST_MS,
  })

export function useRefreshUser(jid: string) {
  return useUserAction<RefreshSummary>(jid, 'refresh')
}

/** Stores nothing. */
export function useCompareUser(jid: string) {
  return useUserAction<OpsComparison>(jid, 'compare')
}

export function useDropUser(jid: string) {
  return useUserAction<OpsDropped>(jid, 'drop')
}

function useUserAction<Answer>(jid: string, action: 'refresh' | 'compare' | 'drop') {
  const client = useQueryClient()
  return useMutation({
    mutationKey: ['users', jid, action],
    mutationFn: () =>
      fetchJson<Answer>(pathOf('users', jid, action), { method: 'POST', withinMs: WHILE_A_BACKEND_ANSWERS_MS }),
    onSettled: () => client.invalidateQueries({ queryKey: ['users'] }),
  })
}
