import { type Domain, userFromJid } from '@rollcall/roster'
import { type Log, oneAtATime, PRIORITY, type RefreshQueue, type RosterStore } from '@rollcall/runtime'

export interface UpkeepOptions {
  readonly store: Pick<RosterStore, 'aged' | 'dropUnused' | 'forgetGone' | 'request'>
  readonly queue: Pick<RefreshQueue, 'enqueue'>
  readonly domains: { has(domain: Domain): boolean }
  /** The shards that this worker serves. */
  readonly serves: readonly number[]
  readonly upkeepIntervalMs: number
  readonly log: Log
}

/**
 * Fetches rosters again that have become old, behind everything else, drops those that nobody uses, and forgets who has been
 * gone for long. Every worker looks; for rosters Redis lets one through per shard and interval, by its own clock.
 */
export function startUpkeep({ store, queue, domains, serves, upkeepIntervalMs, log }: UpkeepOptions): () => void {
  async function keepUp(shard: number): Promise<void> {
    const old = await store.aged(shard, upkeepIntervalMs)
    const aged = old.filter((jid) => domains.has(userFromJid(jid).domain)) // a domain may be configured no more
    if (aged.length > 0) {
      log.debug({ shard, users: aged.length }, 'Old rosters are fetched again')
      await store.request(shard, aged, '') // from here on they are open: the sweep sees to them if this process dies
      await queue.enqueue(aged, PRIORITY.repair)
    }
    const dropped = await store.dropUnused(shard, upkeepIntervalMs)
    if (dropped > 0) log.info({ shard, rosters: dropped }, 'Rosters that nobody used any more were dropped')
    const forgotten = await store.forgetGone(shard)
    if (forgotten > 0) log.debug({ shard, users: forgotten }, 'Users who have been gone for a year were forgotten')
  }

  return oneAtATime(upkeepIntervalMs, async () => {
    for (const shard of serves) {
      await keepUp(shard).catch((error: unknown) =>
        log.warn({ err: error, shard }, 'The upkeep of stored rosters failed; the next one tries again'),
      )
    }
  })
}
