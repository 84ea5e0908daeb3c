import { isRedisTrouble, oneAtATime, PRIORITY, shardOf } from '@rollcall/runtime'
import type { RefreshChunk } from './refresh-records.ts'
import { askFor, chunksOf, type RefreshDeps, takeIn } from './refresh-users.ts'

const LOOK_EVERY_MS = 1000

/** Goes on with refreshes whose api died before all their users were asked for (G8). */
export function startResuming(deps: RefreshDeps): () => void {
  const resume = async (shard: number): Promise<void> => {
    for (const id of await deps.records.orphans(shard)) {
      await goOnWith(id, deps).catch((error: unknown) => {
        deps.records.abandon(id) // or it would be nobody's as long as this api lives
        deps.log.warn({ err: error, refresh: id }, 'Could not go on with a refresh; an api will try again')
      })
    }
  }
  const resumeAll = async (): Promise<void> => {
    for (let shard = 0; shard < deps.shards; shard++) {
      await resume(shard).catch((error: unknown) => {
        if (isRedisTrouble(error)) return // the connection says so itself, once
        deps.log.warn({ err: error }, 'Could not look for refreshes to go on with; the next look tries again')
      })
    }
  }
  return oneAtATime(LOOK_EVERY_MS, resumeAll)
}

async function goOnWith(id: string, deps: RefreshDeps): Promise<void> {
  const { records, openUsers } = deps
  const header = await records.header(id)
  if (!header || header.cancelledAt !== undefined) return records.takenIn(id) // expired, or nobody wants it any more
  // An operator may have asked for far more users than may wait: another look finds room for them.
  if (await openUsers.refusalOfRefresh()) return records.abandon(id)
  const chunks = await Promise.all(Array.from({ length: header.chunks }, (_, at) => records.chunk(id, at)))
  if (chunks.includes(null)) return records.takenIn(id) // finished: nothing is left to ask for
  deps.log.info({ refresh: id, users: header.total }, 'Going on with a refresh that was not taken in to its end')
  const whole = chunks as RefreshChunk[]
  const takenIn = openUsers.takingIn(header.total)
  const asking = isInPlace(whole, deps.shards)
    ? takeIn(header, whole, PRIORITY.bulk, null, deps)
    : askAnew(id, whole, deps)
  await asking.finally(takenIn)
}

/** SHARDS was changed: all are asked for where they belong now, and nobody can be told how that went. */
async function askAnew(id: string, chunks: readonly RefreshChunk[], deps: RefreshDeps): Promise<void> {
  const users = chunks.flatMap((chunk) => chunk.users)
  for (const chunk of chunksOf(users, deps.shards)) await askFor(chunk, PRIORITY.bulk, null, deps)
  await deps.records.takenIn(id)
}

const isInPlace = (chunks: readonly RefreshChunk[], shards: number): boolean =>
  chunks.every(({ shard, users }) => users.every((user) => shardOf(user, shards) === shard))
