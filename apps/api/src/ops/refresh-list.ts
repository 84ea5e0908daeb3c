import type { Domain, OpsRefreshPage, OpsRefreshRow, OpsRefreshState } from '@rollcall/roster'
import { type Entry, placeOf } from '@rollcall/runtime'
import { type Listed, type RefreshIndex, rowOf } from '../refresh-index.ts'
import type { RefreshLooks } from '../refresh-looks.ts'

export interface RefreshListDeps {
  readonly index: Pick<RefreshIndex, 'newest' | 'rows' | 'callers'>
  readonly looks: RefreshLooks
}

export interface RefreshFilter {
  readonly state?: OpsRefreshState | undefined
  readonly caller?: string | undefined
  readonly mayLook: (domain: Domain) => boolean
}

export type RefreshList = ReturnType<typeof refreshList>

const SCANNED_AT_ONCE = 100
/** A page that few refreshes match ends behind so many, and says where to go on. */
const MOST_SCANNED = 2_000
/** Users of refreshes that run whose states one page waits for, some hundred ms; beyond, a refresh is shown as it was last seen. */
const MOST_USERS_COUNTED = 20_000

/** Refreshes of all shards, the newest first. */
export function refreshList({ index, looks }: RefreshListDeps) {
  function newBudget() {
    let left = MOST_USERS_COUNTED
    return async (listed: Listed): Promise<OpsRefreshRow | null> => {
      if (listed.kind === 'row') return listed.row
      const { id, total } = listed.accepted
      if (total > left) return rowOf(looks.glance(id)?.progress ?? listed.accepted)
      left -= total
      const found = await looks.look(id)
      return found && rowOf(found.progress)
    }
  }

  return {
    /** At most `most` that match, behind a place. */
    async page(filter: RefreshFilter, before: Entry | null, most: number): Promise<Omit<OpsRefreshPage, 'callers'>> {
      const rowNow = newBudget()
      const refreshes: OpsRefreshRow[] = []
      let place = before
      for (let scanned = 0; scanned < MOST_SCANNED; scanned += SCANNED_AT_ONCE) {
        const entries = await index.newest(filter.state === 'running', place, SCANNED_AT_ONCE)
        const listed = await index.rows(entries.map(({ member }) => member))
        for (const [i, entry] of entries.entries()) {
          place = entry
          const one = listed[i]
          if (!one || !concerns(one, filter)) continue
          const row = await rowNow(one)
          if (!row || !isIn(row, filter.state)) continue
          refreshes.push(row)
          if (refreshes.length === most) return { refreshes, next: placeOf(entry) }
        }
        if (entries.length < SCANNED_AT_ONCE) return { refreshes, next: null }
      }
      return { refreshes, next: place && placeOf(place) }
    },

    callers: index.callers,

    /** Some of those that run now, the newest first. */
    running: async (most: number): Promise<readonly OpsRefreshRow[]> => {
      const rowNow = newBudget()
      const entries = await index.newest(true, null, most)
      const listed = await index.rows(entries.map(({ member }) => member))
      const rows = await Promise.all(listed.map((one) => one && rowNow(one)))
      return rows.flatMap((row) => (row?.state === 'running' ? [row] : []))
    },
  }
}

function concerns(listed: Listed, { caller, mayLook }: RefreshFilter): boolean {
  const known = listed.kind === 'row' ? listed.row : listed.accepted
  return mayLook(known.domain) && (caller === undefined || known.caller === caller)
}

function isIn({ state, errors, cancelledAt }: OpsRefreshRow, wanted: OpsRefreshState | undefined): boolean {
  if (wanted === undefined) return true
  if (wanted === 'cancelled') return cancelledAt !== undefined
  if (wanted === 'failed') return state === 'done' && errors > 0
  return state === wanted
}
