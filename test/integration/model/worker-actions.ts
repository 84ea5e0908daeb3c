import type { Doing } from './scenario.ts'
import { startWorkerRun, type WorkerRun } from './simulated-worker.ts'
import type { Action, World } from './world.ts'

/** The workers that can go on: those with a job, and an idle one when a job waits. */
export function work({ worker, pick }: Doing<'work'>, world: World): Action | null {
  const { workers, queue } = world
  const idle = queue.waiting().length > 0 ? workers.indexOf(null) : -1
  const movable = idle === -1 ? busy(world) : [...busy(world), idle]
  const at = movable[worker % movable.length]
  const run = at === undefined ? null : workers[at]
  if (at === undefined) return null
  return run ? goOnWithJob(at, run, pick, world) : takeJob(at, pick, world)
}

function takeJob(worker: number, pick: number, { workers, queue, truth, store }: World): Action | null {
  const waiting = queue.waiting()
  const job = waiting[pick % waiting.length]
  if (!job) return null
  const token = `token-${truth.now()}`
  return {
    what: `worker ${worker} takes the job of ${job.data.user}`,
    writes: false,
    async run() {
      await queue.take(job, token)
      workers[worker] = await startWorkerRun(job, token, { store, queue, truth })
    },
  }
}

function goOnWithJob(worker: number, run: WorkerRun, pick: number, { workers }: World): Action {
  return {
    what: standing(worker, run),
    writes: isScript(run),
    async run() {
      await run.step(pick)
      if (run.at() === null) workers[worker] = null
    },
  }
}

export function freeze({ worker, overtaken }: Doing<'freeze'>, world: World): Action | null {
  const { queue, workers } = world
  const happens = overtaken ? 'its lock ends, and another takes its job, before' : 'its lock ends before'
  return withOneOf(
    world,
    worker,
    (run) => queue.holds(run.job, run.token),
    happens,
    false,
    async (run) => {
      await queue.loseLock(run.job)
      const idle = workers.indexOf(null)
      if (!overtaken || idle === -1) return
      queue.stallCheck()
      await takeJob(idle, queue.waiting().indexOf(run.job), world)?.run()
    },
  )
}

export function crash({ worker }: Doing<'crash' | 'resend'>, world: World): Action | null {
  const { queue, workers } = world
  return withOneOf(
    world,
    worker,
    () => true,
    'crashes before',
    false,
    async (run) => {
      workers[workers.indexOf(run)] = null
      if (queue.holds(run.job, run.token)) await queue.loseLock(run.job)
    },
  )
}

export const resend = ({ worker }: Doing<'crash' | 'resend'>, world: World): Action | null =>
  withOneOf(world, worker, isScript, 'gets no answer to', true, (run) => run.resend())

/** What happens to a worker that a fetch may not survive. */
function withOneOf(
  world: World,
  pick: number,
  may: (run: WorkerRun) => boolean,
  what: string,
  writes: boolean,
  happen: (run: WorkerRun) => Promise<unknown>,
): Action | null {
  const { workers, truth } = world
  const eligible = busy(world).filter((at) => {
    const run = workers[at]
    return run && may(run)
  })
  const at = eligible[pick % eligible.length]
  const run = at === undefined ? null : workers[at]
  if (at === undefined || !run) return null
  return {
    what: `${standing(at, run)}: ${what} that`,
    writes,
    async run() {
      truth.of(run.user).troubles++
      await happen(run)
    },
  }
}

const busy = ({ workers }: World): number[] => workers.flatMap((run, at) => (run ? [at] : []))
const standing = (worker: number, run: WorkerRun): string => `worker ${worker}, ${run.user}: ${run.at()}`

const SCRIPTS = new Set(['begin', 'confirm', 'commit', 'drop', 'fail', 'release'])
const isScript = (run: WorkerRun): boolean => SCRIPTS.has(run.at() ?? '')
