import { setTimeout as delay } from 'node:timers/promises'
import type { BareJid, Domain, OpsRetry } from '@rollcall/roster'
import { oneAtATime, PRIORITY } from '@rollcall/runtime'
import type { RefreshChunk, RefreshHeader } from './refresh-records.ts'
import { takeIn as askForAll, chunksOf, headerOf, type RefreshDeps } from './refresh-users.ts'

export interface UnattendedDeps extends RefreshDeps {
  /** Most users of one refresh. */
  readonly maxUsernames: number
}

/** Users of one domain, as they are read. */
export type UserPages = AsyncIterable<readonly BareJid[]> | Iterable<readonly BareJid[]>

export type UnattendedRefreshes = ReturnType<typeof unattendedRefreshes>

/** While too many users wait, it is looked whether there is room so often. */
const LOOK_FOR_ROOM_MS = 500
/** As often it is looked whether one that waits for its turn was cancelled: whoever cancels it waits for twice as long. */
const LOOK_FOR_CANCELLED_MS = 1_000

/**
 * Refreshes that nobody waits for, of however many users: they are written down first, each as large as a refresh may be,
 * and then taken in as there is room (MAX_OPEN_USERS), large ones one after the other. When this api dies, others go on (G8).
 */
export function unattendedRefreshes(deps: UnattendedDeps) {
  const large: string[] = []
  let isClosed = false
  let isTaking = false

  async function accept(caller: string, domain: Domain, users: readonly BareJid[]): Promise<string> {
    const chunks = chunksOf(users, deps.shards)
    const header = headerOf({ caller, domain, users, unusable: [] }, chunks)
    await deps.records.accept(header, chunks)
    if (users.length <= deps.smallRefresh) void takeIn(header.id)
    else large.push(header.id)
    return header.id
  }

  async function takeLargeIn(): Promise<void> {
    if (isTaking) return
    isTaking = true
    const stopLooking = oneAtATime(LOOK_FOR_CANCELLED_MS, endCancelled)
    for (let id = large.shift(); id !== undefined; id = large.shift()) await takeIn(id)
    stopLooking()
    isTaking = false
  }

  /** Their turn may be hours away, and until then nobody would know that they have ended. */
  async function endCancelled(): Promise<void> {
    for (const id of [...large]) {
      const isCancelled = await deps.records.isCancelled(id).catch(() => false) // Redis away: the next look asks again
      const at = large.indexOf(id)
      if (!isCancelled || at < 0) continue
      large.splice(at, 1)
      await takeIn(id)
    }
  }

  async function takeIn(id: string): Promise<void> {
    try {
      await takeInWhenThereIsRoom(id)
    } catch (error) {
      deps.records.abandon(id)
      deps.log.warn({ err: error, refresh: id }, 'A refresh was not taken in; an api will go on with it')
    }
  }

  async function takeInWhenThereIsRoom(id: string): Promise<void> {
    let header = await deps.records.header(id)
    while (!isClosed && !header?.cancelledAt && (await deps.openUsers.refusalOfRefresh())) {
      await delay(LOOK_FOR_ROOM_MS)
      header = await deps.records.header(id)
    }
    if (isClosed) return deps.records.abandon(id)
    const chunks = header && !header.cancelledAt && (await chunksWritten(header))
    if (!header || !chunks) return deps.records.takenIn(id) // cancelled, or Redis has lost it
    const users = header.total
    const takenIn = deps.openUsers.takingIn(users)
    const priority = users <= deps.smallRefresh ? PRIORITY.small : PRIORITY.bulk
    await askForAll(header, chunks, priority, null, deps).finally(takenIn)
    deps.log.info({ refresh: id, caller: header.caller, users }, 'A refresh that nobody waits for was taken in')
  }

  /** They are read again, so that those of many refreshes are not kept here. */
  async function chunksWritten({ id, chunks }: RefreshHeader): Promise<RefreshChunk[] | null> {
    const found = await Promise.all(Array.from({ length: chunks }, (_, at) => deps.records.chunk(id, at)))
    return found.includes(null) ? null : (found as RefreshChunk[])
  }

  return {
    /**
     * Resolves when all of them are written down: from then on they will be asked for. Users may be named twice. `onAccepted`
     * hears how many are so far, also when what comes then fails.
     */
    async refresh(
      caller: string,
      ofDomains: Iterable<readonly [Domain, UserPages]>,
      onAccepted: (users: number) => void = () => {},
    ): Promise<OpsRetry> {
      const refreshes: string[] = []
      let users = 0
      const acceptNext = async (domain: Domain, next: ReadonlySet<BareJid>) => {
        refreshes.push(await accept(caller, domain, [...next]))
        users += next.size
        onAccepted(users)
      }
      try {
        for (const [domain, pages] of ofDomains) {
          let next = new Set<BareJid>()
          for await (const page of pages) {
            for (const jid of page) {
              next.add(jid)
              if (next.size < deps.maxUsernames) continue
              await acceptNext(domain, next)
              next = new Set()
            }
          }
          if (next.size > 0) await acceptNext(domain, next)
        }
      } finally {
        void takeLargeIn() // also what was written down before something failed
      }
      return { users, refreshes }
    },

    /** What has not been taken in is left to other apis. */
    close(): void {
      isClosed = true
      for (const id of large.splice(0)) deps.records.abandon(id)
    },
  }
}
