import type { Log } from '@rollcall/runtime'

/** The loop that takes the jobs of one shard. */
export interface Loop {
  readonly shard: number
  /** Grows with each job taken and each idle look at the queue. */
  turns(): number
  /** Every place is taken, so that it has to stand. */
  isFull(): boolean
}

export interface WatchOptions {
  readonly loops: readonly Loop[]
  readonly queue: {
    /** Jobs of a shard that could be taken now. */
    takeable(shard: number): Promise<number>
  }
  readonly workerStuckMs: number
  readonly log: Log
}

export interface LoopWatch {
  /** Shards whose jobs are not taken although they wait. */
  stuck(): readonly number[]
  /** Resolves when that has gone on for so long that only a new process will mend it. */
  readonly hopeless: Promise<void>
  stop(): void
}

/** How often a loop is looked at before it counts as stuck. */
const LOOKS = 10

/**
 * Sees loops that stand still although jobs wait, Redis answers and places are free. Told once when it begins and once
 * when it is over.
 *
 * What is counted are looks, each of which asked Redis, and no time: a process that was stopped has not looked, and
 * one that Redis kept waiting begins to count anew.
 */
export function watchLoops({ loops, queue, workerStuckMs, log }: WatchOptions): LoopWatch {
  const intervalMs = workerStuckMs / LOOKS
  const watched = loops.map((loop) => ({ loop, turns: -1, stood: 0 }))
  type Watched = (typeof watched)[number]
  let giveUp = () => {}
  const hopeless = new Promise<void>((resolve) => {
    giveUp = resolve
  })

  async function standsStill({ loop, turns }: Watched): Promise<boolean> {
    if (loop.isFull() || loop.turns() !== turns) return false
    const jobs = await queue.takeable(loop.shard).catch(() => 0) // Redis is away: a loop may well stand then
    return jobs > 0 && loop.turns() === turns
  }

  async function look(): Promise<void> {
    await Promise.all(
      watched.map(async (one) => {
        const stands = await standsStill(one)
        if (!stands && one.stood >= LOOKS) log.info({ shard: one.loop.shard }, 'The loop of this worker goes on again')
        one.stood = stands ? one.stood + 1 : 0
        one.turns = one.loop.turns()
        if (one.stood === LOOKS) tell(one.loop.shard)
        if (one.stood >= 2 * LOOKS) giveUp()
      }),
    )
  }

  function tell(shard: number): void {
    log.error(
      { shard, standsMs: workerStuckMs, endsInMs: workerStuckMs },
      'This worker is stuck: it takes no jobs although they wait and Redis answers; it ends if that goes on',
    )
  }

  let looking = false
  let late = false
  const timer = setInterval(() => {
    if (looking) {
      late = true
      return
    }
    looking = true
    void look().finally(() => {
      if (late) for (const one of watched) one.stood = 0
      looking = false
      late = false
    })
  }, intervalMs)

  return {
    stuck: () => watched.filter(({ stood }) => stood >= LOOKS).map(({ loop }) => loop.shard),
    hopeless,
    stop: () => clearInterval(timer),
  }
}
