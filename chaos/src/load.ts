import { setTimeout as delay } from 'node:timers/promises'
import { askForProgress, askForRoster, askToRefresh } from './ask-api.ts'
import type { BackendControl } from './backend-control.ts'
import type { Checker, Counts, Refreshing } from './checker.ts'
import type { Random } from './random.ts'
import type { Accepting, Stored } from './stored.ts'

export interface LoadOptions {
  /** Of the apis. */
  readonly urls: readonly string[]
  /** Users 0 … users - 1 are refreshed and read … */
  readonly users: number
  /** … and so many after them are read only, once each. */
  readonly newUsers: number
  readonly backend: BackendControl
  readonly stored: Stored
  readonly checker: Checker
  readonly random: Random
  /** Milliseconds since the campaign began. */
  readonly now: () => number
}

const REFRESH_EVERY_MS = 50
const READ_EVERY_MS = 8
/** Of the load by itself; faults ask besides. */
const MOST_REFRESHES = 40
const MOST_READS = 60
/** Few enough that refreshes of them overlap all the time. */
const POPULAR = 40
const LOOK_AGAIN_MS = 250
const NEW_READERS = 60

export type Load = ReturnType<typeof startLoad>

/** The application that asks and the XMPP servers that read, all of it checked. */
export function startLoad({ urls, users, newUsers, backend, stored, checker, random, now }: LoadOptions) {
  const running = new Set<Promise<unknown>>()
  const waiting = new Set<Refreshing>()
  const counts = { refreshes: 0, reads: 0 }
  let unread = 0
  let giveUpAt = Number.POSITIVE_INFINITY

  function track<T>(work: Promise<T>): Promise<T> {
    running.add(work)
    void work.finally(() => running.delete(work))
    return work
  }

  const urlOf = (api: number): string => urls[api] ?? ''
  const anyApi = (): number => random.below(urls.length)
  const anyUser = (): number => random.below(random.next() < 0.4 ? Math.min(POPULAR, users) : users)

  const nextNew = (): number => users + (unread++ % newUsers)

  function anyUsers(): number[] {
    const [, most = 1] = SIZES.find(([share]) => random.next() < share) ?? []
    const size = Math.min(random.between(1, most), users)
    if (size < users / 4) return [...new Set(Array.from({ length: size }, anyUser))]
    const first = random.below(users - size + 1)
    return Array.from({ length: size }, (_, i) => first + i)
  }

  /** The application changes rosters, then says whose. Null when that was refused, or the connection broke. */
  async function refresh(asked: readonly number[], api = anyApi(), changes = true): Promise<Counts | null> {
    const serials = changes ? await backend.change(asked) : await backend.serials(asked)
    const refreshing = checker.refreshing(asked, serials, api, now())
    waiting.add(refreshing)
    const answer = await askToRefresh(urlOf(api), asked)
    waiting.delete(refreshing)
    checker.refreshed(refreshing, answer, now())
    if (answer.kind !== 'counts') return null
    await look(refreshing, answer.counts)
    return answer.location ? track(follow(refreshing, answer.location)) : answer.counts
  }

  /** Compares what is stored with what was said just now. */
  async function look(refreshing: Refreshing, told: Counts): Promise<void> {
    const looking = checker.looking(refreshing.users)
    const rows = await stored.look(refreshing.users)
    if (checker.looked(looking, rows, now())) checker.stored(refreshing, told, rows, now())
  }

  /** A refresh that goes on after its answer is asked about, at any api, until nobody is pending. */
  async function follow(refreshing: Refreshing, location: string): Promise<Counts | null> {
    for (;;) {
      const progress = await askForProgress(urlOf(anyApi()), location)
      if (progress === 'unknown') {
        checker.forgotten(refreshing, 'no api knows of it', now())
        return null
      }
      if (progress !== 'again') {
        checker.progressed(refreshing, progress, now())
        if (progress.pending === 0) {
          await look(refreshing, progress)
          return progress
        }
      }
      if (now() >= giveUpAt) {
        checker.forgotten(refreshing, 'users are still pending', now())
        return null
      }
      await delay(LOOK_AGAIN_MS)
    }
  }

  async function read(user: number, api = anyApi()): Promise<void> {
    const reading = checker.reading(user, api, now())
    checker.read(reading, await askForRoster(urlOf(api), user), now())
  }

  const ownRefreshes = bounded(MOST_REFRESHES, () => {
    counts.refreshes++
    return track(refresh(anyUsers(), anyApi(), random.next() < 0.8))
  })
  const ownReads = bounded(MOST_READS, () => {
    counts.reads++
    return track(read(anyUser()))
  })
  const timers = [setInterval(ownRefreshes, REFRESH_EVERY_MS), setInterval(ownReads, READ_EVERY_MS)]

  return {
    counts,
    refresh: (asked: readonly number[], api?: number) => track(refresh(asked, api)),
    read: (user: number, api?: number) => track(read(user, api)),
    /** Reads rosters that nobody has asked for yet, so that they have to be fetched first; many at a time, until then. */
    async readNew(api: number, until: Promise<unknown>): Promise<void> {
      let isOver = false
      const reader = async (): Promise<void> => {
        while (!isOver) await track(read(nextNew(), api))
      }
      for (let i = 0; i < NEW_READERS; i++) void reader()
      await until.finally(() => {
        isOver = true
      })
    },
    isNew: (user: number): boolean => user >= users,
    /** The caller of these refreshes will not be answered, but they were accepted. */
    owe(api: number, accepting: readonly Accepting[]): void {
      for (const refreshing of waiting) {
        const { users: asked } = refreshing
        const isOne = ({ users, first }: Accepting) => asked.length === users && asked[0] === first
        if (refreshing.api === api && accepting.some(isOne)) checker.owed(refreshing)
      }
    },
    /** Asks for nothing more by itself; what runs goes on. */
    pause(): void {
      for (const timer of timers) clearInterval(timer)
    },
    /** From then on, whoever still waits for a refresh that was accepted has been forgotten. */
    waitUntil(time: number): void {
      giveUpAt = time
    },
    /** Resolves when everything that was asked for has ended. */
    async ended(): Promise<void> {
      while (running.size > 0) await Promise.all(running)
    },
    /** Not the one of the schedule: what it gives depends on how fast all goes. */
    random,
    users,
    allUsers: users + newUsers,
  }
}

/** Shares of refreshes, and how many users they are of at most. */
const SIZES: readonly (readonly [share: number, most: number])[] = [
  [0.7, 1],
  [0.7, 20],
  [0.7, 100],
  [0.8, 500],
  [1, 2000],
]

/** Does it unless so many of them run already. */
function bounded(most: number, work: () => Promise<unknown>): () => void {
  let running = 0
  return () => {
    if (running >= most) return
    running++
    void work().finally(() => {
      running--
    })
  }
}
