import type { BulkPlan } from './bulk.ts'
import type { DashboardsPlan } from './dashboards.ts'
import type { Layout } from './deployment.ts'
import type { StoredPlan } from './stored.ts'

/** Deployments that differ in one thing, measured in turn. */
export interface ComparisonPlan {
  readonly title: string
  readonly layouts: readonly Layout[]
  readonly delayMs: number
  /** In all, in refreshes of `usersPerRefresh`, four of which run at a time. */
  readonly users: number
  readonly usersPerRefresh: number
  readonly rounds: number
}

/** In the order in which they are measured. */
export const SCALE_PARTS = ['bulk', 'workers', 'replicas', 'shards', 'stored', 'dashboards'] as const
export type ScalePart = (typeof SCALE_PARTS)[number]

export interface ScalePlan {
  readonly stored: StoredPlan
  readonly workers: ComparisonPlan
  readonly replicas: ComparisonPlan
  readonly shards: ComparisonPlan
  readonly bulk: BulkPlan
  readonly dashboards: DashboardsPlan
}

const ONE = { apis: 1, workers: 1, shards: 1, concurrency: 50 } as const

/** Fetches of one worker at a time, so few that they and not the machine are the limit: 10 of 20 ms are 500 users/s. */
const FEW_FETCHES = 10

export function scalePlanOf({ quick }: { readonly quick: boolean }): ScalePlan {
  const rounds = quick ? 2 : 5
  return {
    stored: {
      sizes: quick ? [1_000, 10_000] : [1_000, 100_000, 1_000_000],
      refreshed: 1_000,
      requests: quick ? 10_000 : 30_000,
      rounds,
    },
    workers: {
      title: `workers, ${FEW_FETCHES} fetches of 20 ms at a time each`,
      layouts: [1, 2, 4].map((workers) => ({ ...ONE, workers, concurrency: FEW_FETCHES })),
      delayMs: 20,
      users: quick ? 2_000 : 8_000,
      usersPerRefresh: quick ? 2_000 : 8_000,
      rounds,
    },
    replicas: {
      // A process that has less to do handles less at a time, and so at a higher cost: each has as much to do as one alone.
      title: `api replicas, each with a worker, ${FEW_FETCHES} fetches of 20 ms at a time each`,
      layouts: [1, 2, 4].map((apis) => ({ ...ONE, apis, workers: apis, concurrency: FEW_FETCHES })),
      delayMs: 20,
      users: quick ? 1_000 : 4_000,
      usersPerRefresh: 250,
      rounds,
    },
    shards: {
      title: 'shards on one Redis',
      layouts: [1, 2, 4, 8].map((shards) => ({ ...ONE, shards })),
      delayMs: 0,
      users: quick ? 4_000 : 16_000,
      usersPerRefresh: 2_000,
      rounds,
    },
    dashboards: { layout: ONE, open: [0, 1, 50], seconds: quick ? 10 : 20, rounds: quick ? 1 : 3 },
    bulk: { users: quick ? 10_000 : 100_000, alone: quick ? 50 : 200 },
  }
}
