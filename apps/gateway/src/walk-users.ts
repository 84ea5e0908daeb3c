import { setTimeout as pause } from 'node:timers/promises'
import { type Domain, type User, userFromJid } from '@rollcall/roster'
import { type Log, redisTrouble, type TargetLog, type Walk } from '@rollcall/runtime'
import { insistence } from './insistence.ts'

/** Users that are asked for, and are under way, at a time. */
const PAGE = 100
/** Before users are brought again whose lease was lost, which is told any moment. */
const LOST_MS = 1_000

export interface WalkOptions {
  readonly walk: Walk
  readonly domain: Domain
  readonly perSecond: number
  readonly changes: Pick<TargetLog, 'walkOn' | 'writeWalk' | 'endWalk'>
  /** Brings one user to the target; `ended` is told whether it was this gateway that did. */
  readonly bring: (user: User, ended: (isDone: boolean) => void) => void
  readonly onEnd: () => void
  readonly log: Log
}

export interface Walking {
  /** How far it has come. */
  at(): Walk
  stop(): void
}

/**
 * Goes through the users of a domain in a shard, so many a second, and writes down how far it has come: a gateway that takes
 * over goes on there.
 */
export function startWalk({ walk, domain, perSecond, changes, bring, onEnd, log }: WalkOptions): Walking {
  const stopped = new AbortController()
  const insistently = insistence({
    signal: stopped.signal,
    onTrouble: (error) =>
      log.warn({ reason: redisTrouble(error) }, 'Users could not be gone through; it is tried again'),
  })
  let at = walk
  const bringAll = (users: readonly User[]): Promise<boolean[]> =>
    Promise.all(users.map((user) => new Promise<boolean>((resolve) => bring(user, resolve))))

  async function nextPage(): Promise<boolean> {
    const page = await changes.walkOn(domain, at, PAGE)
    if (!page) {
      await changes.endWalk(at)
      return false
    }
    const earliest = performance.now() + (page.users.length / perSecond) * 1000
    const brought = await bringAll(page.users.map(userFromJid))
    if (stopped.signal.aborted) return true
    if (brought.includes(false)) {
      await rest(LOST_MS)
      return true
    }
    at = page.behind
    await changes.writeWalk(at)
    const left = earliest - performance.now()
    if (left > 0) await rest(left)
    return true
  }

  const rest = (ms: number): Promise<void> => pause(ms, undefined, { signal: stopped.signal }).catch(() => {})

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      if (await insistently(nextPage)) continue
      if (!stopped.signal.aborted) onEnd()
      return
    }
  }
  run().catch((error: unknown) => log.error({ err: error }, 'Going through users failed'))

  return { at: () => at, stop: () => stopped.abort() }
}
