import type { BareJid } from '@rollcall/roster'
import {
  type Log,
  onFreshConnection,
  PRIORITY,
  type RedisClient,
  type RefreshQueue,
  type Requested,
  type RosterStore,
  whenReady,
} from '@rollcall/runtime'

/** At least for so long: longer than a fail-over takes, and than the last moments that are lost by one. */
const REMEMBERED_MS = 30_000

interface Asked {
  readonly shard: number
  readonly users: readonly BareJid[]
  readonly requested: Requested
}

export interface AskAgainDeps {
  readonly store: RosterStore
  readonly queue: Pick<RefreshQueue, 'enqueue'>
  /** Those of store and queue. */
  readonly connections: readonly RedisClient[]
  readonly log: Log
}

/**
 * A store that remembers for a while who was asked for. A replica that takes its master's place, or a Redis that was
 * killed, may not know of the last requests, answered though they were: what it does not know is asked for once more,
 * or those rosters would stay as they were before. What was lost of the work alone is left to the sweep: its users are
 * in `open` again.
 */
export function askAgain({ store, queue, connections, log }: AskAgainDeps): RosterStore {
  let recent: Asked[] = []
  let older: Asked[] = []
  let since = performance.now()

  async function lookAt({ shard, users, requested }: Asked): Promise<number> {
    const { epoch, states } = await store.states(shard, users)
    if (epoch !== requested.epoch) return 0 // all was lost, rosters too: they are fetched when they are asked for
    const lost = users.filter((_, i) => (states[i]?.wanted ?? 0) < requested.at(i).generation)
    if (lost.length === 0) return 0
    await store.request(shard, lost, '')
    await queue.enqueue(lost, PRIORITY.bulk)
    return lost.length
  }

  const lookAtAll = async (): Promise<void> => {
    // The connections come back one by one.
    await Promise.all(connections.map((connection) => whenReady(connection, REMEMBERED_MS)))
    for (const asked of [...older, ...recent]) {
      const users = await lookAt(asked)
      if (users > 0)
        log.warn({ users }, 'Redis does not know of a refresh that it took in: its users are asked for again')
    }
  }
  for (const connection of connections) {
    onFreshConnection(connection, () => {
      lookAtAll().catch((error: unknown) =>
        log.debug({ err: error }, 'Could not look whether a refresh was lost; the next connection tries again'),
      )
    })
  }

  return {
    ...store,
    async request(shard, users, replica) {
      const requested = await store.request(shard, users, replica)
      if (performance.now() - since >= REMEMBERED_MS) {
        older = recent
        recent = []
        since = performance.now()
      }
      recent.push({ shard, users, requested })
      return requested
    },
  }
}
