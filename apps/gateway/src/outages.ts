import type { Delivery, Log, TargetConfig, TargetLog } from '@rollcall/runtime'
import type { Deliveries } from './deliveries.ts'
import type { PlaceInLog } from './place-in-log.ts'
import { type RedisClock, timeOfEntry } from './redis-clock.ts'

/** A server that crashed may have lost what it took in its last moments, also what it had answered for. */
const LOST_BY_A_CRASH_MS = 60_000

export interface OutagesOptions {
  readonly config: TargetConfig
  readonly shard: number
  readonly changes: Pick<TargetLog, 'writeFailingSince' | 'disable'>
  readonly deliveries: Pick<Deliveries, 'state' | 'enable'>
  readonly place: Pick<PlaceInLog, 'read' | 'written' | 'moveTo'>
  readonly clock: RedisClock
  readonly log: Log
}

/**
 * What is remembered of a target that takes nothing, whatever becomes of this gateway: since when, and that it is told
 * nothing any more. One that is back is told once more what came before.
 */
export function outages({ config, shard, changes, deliveries, place, clock, log }: OutagesOptions) {
  let isDisabled = false
  let failingSince = 0
  let lookedBackFrom = 0

  /** Takes what arrived before an outage once more: where it is there already, nothing is written. */
  async function lookBack(lastArrivedAt: number): Promise<void> {
    const [read, written] = [place.read(), place.written()]
    if (!('owns' in config) || lastArrivedAt === 0 || !read || !written) return
    const from = clock.now() - (Date.now() - lastArrivedAt) - LOST_BY_A_CRASH_MS
    if (from >= timeOfEntry(read.id)) return
    // Not behind what has not arrived, and from here on in the order of the log: the next gateway has to know it as well.
    await place.moveTo(from < timeOfEntry(written.id) ? { ...read, id: `${from}-0` } : written)
  }

  /** This gateway must have seen it fail as well. */
  const hasFailedForTooLong = ({ failingSince: since, lastError }: ReturnType<Deliveries['state']>): boolean =>
    'disableAfterS' in config &&
    config.disableAfterS > 0 &&
    since > 0 &&
    lastError !== undefined &&
    Date.now() - since > config.disableAfterS * 1000

  return {
    isDisabled: (): boolean => isDisabled,

    resume(delivery: Pick<Delivery, 'disabled' | 'failingSince'>): void {
      isDisabled = delivery.disabled
      failingSince = delivery.failingSince
      deliveries.enable(!isDisabled, failingSince)
    },

    /** Writes down what has become of it. */
    async write(): Promise<void> {
      const now = deliveries.state()
      if (now.failingSince !== failingSince) {
        failingSince = now.failingSince
        await changes.writeFailingSince(failingSince)
      }
      if (now.recoveredFrom !== lookedBackFrom) {
        await lookBack(now.recoveredFrom)
        lookedBackFrom = now.recoveredFrom
      }
      if (!isDisabled && (now.isGone || hasFailedForTooLong(now))) {
        isDisabled = true
        deliveries.enable(false, 0)
        await changes.disable()
        log.error({ target: config.name, shard }, 'A target is told nothing any more, until somebody enables it')
      }
    },
  }
}
