/** What a process takes and does, between two of its heartbeats. */
export interface ProcessLoad {
  /** Share of one core, to a hundredth. */
  readonly cpu: number
  /** Memory, to a MiB. */
  readonly rssBytes: number
  /** Requests of an api, jobs of a worker, deliveries of a gateway. */
  readonly perSecond: number
  /** At this moment: callers who wait, jobs in hand, changes that wait. */
  readonly inHand: number
}

export interface Work {
  /** Since the process began; only ever grows. */
  done(): number
  inHand(): number
}

const MiB = 1024 * 1024

/** Measures from one call of the returned function to the next. */
export function loadMeter(work: Work): () => ProcessLoad {
  let cpu = process.cpuUsage()
  let at = performance.now()
  let done = work.done()
  return () => {
    const used = process.cpuUsage(cpu)
    const now = performance.now()
    const ms = Math.max(1, now - at)
    const doneNow = work.done()
    const load = {
      cpu: Math.round((used.user + used.system) / 10 / ms) / 100,
      rssBytes: Math.round(process.memoryUsage.rss() / MiB) * MiB,
      perSecond: Math.round((Math.max(0, doneNow - done) * 10_000) / ms) / 10,
      inHand: work.inHand(),
    }
    cpu = process.cpuUsage()
    at = now
    done = doneNow
    return load
  }
}
