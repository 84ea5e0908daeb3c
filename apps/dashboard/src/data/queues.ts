import type { OpsJob, OpsJobPage, OpsJobState, OpsQueueLimits } from '@rollcall/roster'
import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import { fetchJson, pathOf } from './fetch-json.ts'

/** A shard, or all of them. */
export type QueueName = number | 'all'

const EVERY_MS = 3000

/** The job that comes next first. */
export const jobsQuery = (shard: number, state: OpsJobState) =>
  infiniteQueryOptions({
    queryKey: ['queues', 'jobs', shard, state],
    queryFn: ({ pageParam, signal }) =>
      fetchJson<OpsJobPage>(pathOf('queues', shard, 'jobs'), { query: { state, at: pageParam }, signal }),
    initialPageParam: 0,
    getNextPageParam: (page: OpsJobPage) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) => ((data?.pages.length ?? 0) > 1 ? false : EVERY_MS),
  })

export const jobQuery = (shard: number, id: string) =>
  queryOptions({
    queryKey: ['queues', 'job', shard, id],
    queryFn: ({ signal }) => fetchJson<OpsJob>(pathOf('queues', shard, 'jobs', id), { signal }),
    refetchInterval: EVERY_MS,
  })

/** What the queues are like after it comes with the next snapshot. */
export function usePauseQueue() {
  return useMutation({
    mutationFn: ({ queue, isPaused }: { queue: QueueName; isPaused: boolean }) =>
      fetchJson<unknown>(pathOf('queues', queue, isPaused ? 'pause' : 'resume'), { method: 'POST' }),
  })
}

export function useLimitQueue() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ queue, limits }: { queue: QueueName; limits: OpsQueueLimits }) =>
      fetchJson<unknown>(pathOf('queues', queue, 'limits'), { method: 'PUT', body: limits }),
    onSettled: () => client.invalidateQueries({ queryKey: ['queues'] }),
  })
}
