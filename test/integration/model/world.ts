import type { RosterStore } from '@rollcall/runtime'
import type { Redis } from 'ioredis'
import type { Rules } from './scenario.ts'
import type { CancelCall } from './simulated-cancel.ts'
import type { SimulatedQueue } from './simulated-queue.ts'
import type { ApiCall, SimulatedReplica } from './simulated-replica.ts'
import type { WorkerRun } from './simulated-worker.ts'
import type { Truth } from './truth.ts'

/** Everything that a step can move. */
export interface World {
  readonly truth: Truth
  readonly store: RosterStore
  readonly redis: Redis
  readonly queue: SimulatedQueue
  /** null: idle. */
  readonly workers: (WorkerRun | null)[]
  readonly replicas: readonly SimulatedReplica[]
  /** Of all api calls that still run, or whose callers still wait. */
  readonly calls: ApiCall[]
  /** Of operators who cancel a request. */
  readonly cancels: CancelCall[]
  readonly rules: Rules
}

/** One step. */
export interface Action {
  readonly what: string
  run(): Promise<unknown> | unknown
  /** Whether a script may run, so that Redis has to be looked at. */
  readonly writes: boolean
}
