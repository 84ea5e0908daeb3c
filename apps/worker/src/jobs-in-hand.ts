import type { User } from '@rollcall/roster'
import { type Config, shardOf } from '@rollcall/runtime'

export type JobsInHand = ReturnType<typeof jobsInHand>

/**
 * Jobs in hand for each fetch that may run: while some rosters are compared and written, others are fetched already.
 * How many fetches run is for `worker.ts` to say.
 */
const JOBS_PER_FETCH = 1.25

export interface JobsInHandOptions extends Pick<Config, 'shards' | 'workerConcurrency'> {
  /** The shards whose jobs are taken. */
  readonly serves: readonly number[]
}

/**
 * How many jobs a worker takes of each shard: as many as it can work on, and one more for each that merely waits for its
 * backend meanwhile.
 */
export function jobsInHand({ shards, serves, workerConcurrency }: JobsInHandOptions) {
  const atWork = Math.ceil(Math.floor(workerConcurrency * JOBS_PER_FETCH) / serves.length)
  const aside = new Array<number>(shards).fill(0)
  const listeners = new Set<(shard: number) => void>()
  const change = (shard: number, by: 1 | -1): void => {
    aside[shard] = (aside[shard] ?? 0) + by
    for (const listener of listeners) listener(shard)
  }
  return {
    of: (shard: number): number => atWork + (aside[shard] ?? 0),
    /** The job of a user does not count until the returned function is called. */
    putAside({ jid }: User): () => void {
      const shard = shardOf(jid, shards)
      change(shard, 1)
      return () => change(shard, -1)
    },
    /** Calls back with the shard whose number has changed. */
    onChange: (listener: (shard: number) => void): void => void listeners.add(listener),
  }
}
