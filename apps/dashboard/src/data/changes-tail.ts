import type { OpsChange, OpsChangePage } from '@rollcall/roster'
import { untilItPasses } from './api-error.ts'
import type { ChangeFilter } from './changes.ts'
import { eventLink, type LinkState, type Surroundings } from './event-link.ts'
import { API, fetchJson, queryOf } from './fetch-json.ts'
import { listenedStore } from './listened-store.ts'

interface End {
  /** The newest first; at most MOST_ROWS. */
  readonly rows: readonly OpsChange[]
  /** From where the change log goes on into the past; null: that was all; undefined: more came than is kept here. */
  readonly older: string | null | undefined
}

export interface Tail extends End {
  readonly isPaused: boolean
  /** Came while it was paused, and are not among `rows` yet. */
  readonly waiting: number
  /** Were left out by the api, since more came than anybody can read. */
  readonly skipped: number
  readonly link: LinkState
  /** It was cut off for so long that it has begun anew: what changed between is further back in the change log. */
  readonly hasBegunAnew: boolean
  /** The newest page is here. */
  readonly isLoaded: boolean
  /** Why it is not. */
  readonly error: Error | undefined
}

export interface ChangesTail {
  get(): Tail
  /** The link is open as long as somebody listens. Returns how to stop. */
  subscribe(listener: () => void): () => void
  /** Goes on to listen, and shows nothing new. */
  setPaused(isPaused: boolean): void
}

export interface ChangesTailOptions {
  readonly filter: ChangeFilter
  readonly surroundings?: Surroundings
  /** Of the newest changes. */
  readonly firstPage?: (filter: ChangeFilter) => Promise<OpsChangePage>
}

export const MOST_ROWS = 500

/** As often as the api tells. */
const SHOW_EVERY_MS = 500

/**
 * The end of the change log as it grows. When the link breaks, the api goes on where it was. When it cannot, or is asked for the
 * first time, the newest page is read as well; what both bring counts once. When that does not reach back to what is there, the
 * tail begins anew: it has no gaps.
 */
export function changesTail({ filter, surroundings, firstPage = readFirstPage }: ChangesTailOptions): ChangesTail {
  let latest: End = { rows: [], older: null }
  const first: Tail = {
    ...latest,
    isPaused: false,
    waiting: 0,
    skipped: 0,
    link: 'connecting',
    hasBegunAnew: false,
    isLoaded: false,
    error: undefined,
  }
  const store = listenedStore(first, start)
  const { change } = store
  let arrived: OpsChange[] = []
  let showing: ReturnType<typeof setTimeout> | undefined
  let catchingUp: ReturnType<typeof setTimeout> | undefined
  let isListening = false
  /** The rows that were there when something may have been missed; until the newest page has been read. */
  let behind: ReadonlySet<string> | undefined

  function show(): void {
    clearTimeout(showing)
    showing = undefined
    const known = latest.rows.length
    const rows = merged(latest.rows, arrived)
    const isCut = rows.length > MOST_ROWS
    arrived = []
    latest = { rows: isCut ? rows.slice(0, MOST_ROWS) : rows, older: isCut ? undefined : latest.older }
    const { isPaused, waiting } = store.get()
    change(isPaused ? { waiting: waiting + rows.length - known } : { ...latest, waiting: 0 })
  }

  /** What has changed since the rows of now may not all come by the link. */
  function fallBehind(): void {
    behind ??= new Set(latest.rows.map(keyOf))
    void catchUp()
  }

  async function catchUp(): Promise<void> {
    clearTimeout(catchingUp)
    try {
      const page = await firstPage(filter)
      join(page)
      arrived.push(...page.changes)
      behind = undefined
      change({ isLoaded: true, error: undefined })
      show()
    } catch (error) {
      change({ error: error as Error })
      const ms = untilItPasses(error)
      if (ms !== false && isListening) catchingUp = setTimeout(() => void catchUp(), ms)
    }
  }

  /** Rows that the newest page does not reach back to go: between them and it others are missing. */
  function join({ changes, next }: OpsChangePage): void {
    const isFirst = !store.get().isLoaded
    if (!isFirst && (behind === undefined || changes.some((one) => behind?.has(keyOf(one))))) return
    const oldest = changes.at(-1)
    latest = { rows: latest.rows.filter((row) => oldest && newestFirst(row, oldest) < 0), older: next }
    if (behind && behind.size > 0) change({ hasBegunAnew: true })
  }

  function start(): () => void {
    isListening = true
    const link = eventLink({
      url: `${API}/changes/live${queryOf({ ...filter })}`,
      on: {
        change(data) {
          arrived.push(data as OpsChange)
          showing ??= setTimeout(show, SHOW_EVERY_MS)
        },
        place() {}, // its id is what counts
        gap: fallBehind,
        skipped(data) {
          change({ skipped: store.get().skipped + (data as { count: number }).count })
        },
      },
      onState(link) {
        change({ link })
        if (link === 'lost' && !store.get().isLoaded) void catchUp() // which says what is wrong: an EventSource does not
      },
      onOpen(goesOn) {
        if (!goesOn || behind !== undefined) fallBehind()
      },
      ...(surroundings !== undefined && { surroundings }),
    })
    return () => {
      isListening = false
      clearTimeout(showing)
      clearTimeout(catchingUp)
      showing = undefined
      link.close()
    }
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    setPaused(isPaused) {
      change(isPaused ? { isPaused } : { isPaused, ...latest, waiting: 0 })
    },
  }
}

const readFirstPage = ({ domain, user }: ChangeFilter) =>
  fetchJson<OpsChangePage>('/changes', { query: { domain, user } })

/** Unique: each shard counts for itself. */
export const keyOf = ({ shard, id }: OpsChange): string => `${shard}/${id}`

function merged(rows: readonly OpsChange[], more: readonly OpsChange[]): readonly OpsChange[] {
  const all = new Map([...more, ...rows].map((one) => [keyOf(one), one]))
  return [...all.values()].sort(newestFirst)
}

const newestFirst = (a: OpsChange, b: OpsChange): number =>
  a.at === b.at ? compareIds(b.id, a.id) : a.at < b.at ? 1 : -1

/** `<ms>-<n>`: of one ms, by n. */
const compareIds = (a: string, b: string): number => Number(a.split('-')[1]) - Number(b.split('-')[1])
