export interface ThroughputPlan {
  /** Who are not online, and who are; each way of writing has as many of its own. */
  readonly offline: number
  readonly online: number
  readonly rounds: number
}

export interface LatencyPlan {
  readonly online: number
  /** One after the other. */
  readonly befriendings: number
}

export interface IdlePlan {
  readonly shards: readonly number[]
  readonly targets: number
  readonly seconds: number
}

export interface TargetsPlan {
  readonly throughput: ThroughputPlan
  readonly latency: LatencyPlan
  readonly idle: IdlePlan
}

export const targetsPlanOf = ({ quick }: { readonly quick: boolean }): TargetsPlan => ({
  throughput: { offline: quick ? 300 : 1_000, online: quick ? 20 : 50, rounds: quick ? 2 : 5 },
  latency: { online: quick ? 20 : 50, befriendings: quick ? 50 : 200 },
  idle: { shards: [1, 8], targets: 3, seconds: quick ? 5 : 20 },
})
