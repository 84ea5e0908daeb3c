import { type Count, HISTORY, type Recorder } from '@rollcall/runtime'

/** How a read of a roster was answered. */
const READS = ['stored', 'stale', 'fetched', 'unknown', 'pending', 'failed'] as const
export type ReadResult = (typeof READS)[number]

export type ApiNumbers = ReturnType<typeof apiNumbers>

/** What an api counts. A read has twenty microseconds: it adds one to one number. */
export function apiNumbers(recorder: Recorder) {
  const refreshes = (result: string): Count => recorder.counter('refreshes', { result }, HISTORY.refreshes)
  const answered: Readonly<Record<number, Count>> = {
    200: refreshes('done'),
    202: refreshes('pending'),
    500: refreshes('failed'),
  }
  const refreshTime = recorder.times('refreshTime')
  const usersAsked = recorder.counter('usersAsked')
  const reads = Object.fromEntries(
    READS.map((result) => [result, recorder.counter('reads', { result }, HISTORY.reads)]),
  ) as Record<ReadResult, Count>
  const refused = new Map<number, Count>()

  return {
    /** A refresh of so many users was answered with that status, after so long. */
    refreshed(status: number, users: number, ms: number): void {
      const count = answered[status]
      if (count) count.n++
      usersAsked.n += users
      refreshTime.record(ms)
    },

    read(result: ReadResult): void {
      reads[result].n++
    },

    refused(status: number): void {
      let count = refused.get(status)
      if (!count) {
        count = recorder.counter('refused', { status: String(status) })
        refused.set(status, count)
      }
      count.n++
    },

    /** Requests that were answered, since this api began. */
    requests: (): number =>
      [...Object.values(answered), ...Object.values(reads), ...refused.values()].reduce((sum, { n }) => sum + n, 0),
  }
}
