import type { BareJid } from '@rollcall/roster'
import type { Log, RosterStore } from '@rollcall/runtime'

/** A user who is used all the time is noted once in it. */
const REMEMBERED_MS = 3_600_000
/** Users whose use is remembered or not yet written; past it they are forgotten, which costs writes too many. */
const MOST_REMEMBERED = 100_000
const WRITE_EVERY_MS = 60_000
/** So many are not kept waiting for that. */
const WRITE_AT_ONCE = 10_000

export interface UsageOptions {
  readonly store: Pick<RosterStore, 'use'>
  /** 0: rosters are kept for ever, and nothing is noted. */
  readonly rosterTtlS: number
  readonly log: Log
}

export type Usage = ReturnType<typeof usageMarks>

/** Notes who is read and who is named in notices, for rosters that nobody uses to be dropped. A read does not become a write. */
export function usageMarks({ store, rosterTtlS, log }: UsageOptions) {
  const remembered = new Set<BareJid>()
  let unwritten: BareJid[] = []

  async function write(): Promise<void> {
    if (unwritten.length === 0) return
    const users = unwritten
    unwritten = []
    try {
      await store.use(users)
    } catch (error) {
      for (const jid of users) remembered.delete(jid) // noted when they are used next
      log.debug({ err: error, users: users.length }, 'Could not write down who is used; it will be when they are next')
    }
  }

  function mark(jid: BareJid): void {
    if (remembered.has(jid)) return
    if (remembered.size >= MOST_REMEMBERED) remembered.clear()
    remembered.add(jid)
    unwritten.push(jid)
    if (unwritten.length >= WRITE_AT_ONCE) void write()
  }

  if (rosterTtlS === 0) return { mark: () => {}, close: async () => {} }
  const writing = setInterval(() => void write(), WRITE_EVERY_MS)
  const forgetting = setInterval(() => remembered.clear(), REMEMBERED_MS)
  return {
    /** Cheap enough for every read. */
    mark,
    /** Writes down what is known. */
    async close(): Promise<void> {
      clearInterval(writing)
      clearInterval(forgetting)
      await write()
    },
  }
}
