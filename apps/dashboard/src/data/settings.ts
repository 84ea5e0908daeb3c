import type { OpsAudit, OpsMadeToken, OpsNewToken, OpsSettings, OpsTokens } from '@rollcall/roster'
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { fetchJson, pathOf } from './fetch-json.ts'

export const settingsQuery = queryOptions({
  queryKey: ['settings', 'effective'],
  queryFn: ({ signal }) => fetchJson<OpsSettings>('/settings', { signal }),
})

export const tokensQuery = queryOptions({
  queryKey: ['settings', 'tokens'],
  queryFn: ({ signal }) => fetchJson<OpsTokens>('/tokens', { signal }),
})

/** The newest first. */
export const auditQuery = infiniteQueryOptions({
  queryKey: ['settings', 'audit'],
  queryFn: ({ pageParam, signal }) => fetchJson<OpsAudit>('/audit', { query: { before: pageParam }, signal }),
  initialPageParam: '',
  getNextPageParam: (page: OpsAudit) => page.next,
})

export function useMakeToken() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (body: OpsNewToken) => fetchJson<OpsMadeToken>('/tokens', { method: 'POST', body }),
    onSettled: () => client.invalidateQueries({ queryKey: ['settings'] }),
    gcTime: 0, // the token is in its answer
  })
}

export function useRevokeToken() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => fetchJson<unknown>(pathOf('tokens', id), { method: 'DELETE' }),
    onSettled: () => client.invalidateQueries({ queryKey: ['settings'] }),
  })
}
