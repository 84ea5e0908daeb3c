import type { OpsHistory, OpsRange } from '@rollcall/roster'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { fetchJson } from './fetch-json.ts'

/** By what the api counts up. */
const EVERY_MS = 10_000

export const historyQuery = (range: OpsRange) =>
  queryOptions({
    queryKey: ['history', range],
    queryFn: ({ signal }) => fetchJson<OpsHistory>('/history', { query: { range }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: EVERY_MS,
  })
