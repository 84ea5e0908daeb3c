import type { OpsChangePage } from '@rollcall/roster'
import { infiniteQueryOptions } from '@tanstack/react-query'
import { fetchJson } from './fetch-json.ts'

export interface ChangeFilter {
  readonly domain?: string | undefined
  readonly user?: string | undefined
}

/** The change log back in time, from the entry `before`. */
export const olderChangesQuery = ({ domain, user }: ChangeFilter, before: string) =>
  infiniteQueryOptions({
    queryKey: ['changes', domain ?? '', user ?? '', before],
    queryFn: ({ pageParam, signal }) =>
      fetchJson<OpsChangePage>('/changes', { query: { domain, user, before: pageParam }, signal }),
    initialPageParam: before,
    getNextPageParam: (page: OpsChangePage) => page.next,
  })
