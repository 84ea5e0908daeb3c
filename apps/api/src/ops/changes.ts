import type { Domain, OpsChange, OpsChangePage } from '@rollcall/roster'
import type { ChangeLog } from '@rollcall/runtime'
import { changeFilter } from './change-filter.ts'
import { newestFirst, parsePlace, placeText } from './change-order.ts'
import type { ChangeTail } from './change-tail.ts'
import type { EventStreams } from './event-stream.ts'
import { limitIn } from './query.ts'
import { readableChange, readableChanges } from './readable-changes.ts'
import { type OpsCall, OpsError, type OpsRoute } from './route.ts'

export interface ChangeRoutesDeps {
  readonly changes: ChangeLog
  readonly tail: ChangeTail
  readonly streams: Pick<EventStreams, 'open'>
  readonly shards: number
  readonly defaultDomain: Domain
}

const ROWS = 50
const MOST_ROWS = 100
/** Entries that one page looks at: when few are of the domain asked for, it has fewer rows, and says where to go on. */
const MOST_LOOKED_AT = 5000

/** What changed: back in time, and as it happens. */
export function changeRoutes(deps: ChangeRoutesDeps): OpsRoute[] {
  const look = { method: 'get', right: 'view', scope: 'domain' } as const
  return [
    { ...look, path: '/changes', handle: (call) => page(call, deps) },
    { ...look, path: '/changes/live', handle: (call) => live(call, deps) },
  ]
}

async function page(call: OpsCall, { changes, shards, defaultDomain }: ChangeRoutesDeps): Promise<OpsChangePage> {
  const { user, isFor } = changeFilter(call, defaultDomain)
  const limit = limitIn(call.query, ROWS, MOST_ROWS)
  const before = placeIn(call)
  if (user) {
    const entries = await changes.ofUser(user.jid, limit, before?.id)
    const last = entries.length === limit ? entries.at(-1) : undefined
    return { changes: readableChanges(entries), next: last ? placeText(last) : null }
  }
  const found: OpsChange[] = []
  let lookedAt = 0
  for await (const entry of newestFirst(changes, shards, before)) {
    const change = isFor(entry.user) ? readableChange(entry) : null
    if (change) found.push(change)
    if (found.length === limit || ++lookedAt === MOST_LOOKED_AT) return { changes: found, next: placeText(entry) }
  }
  return { changes: found, next: null }
}

function placeIn({ query: { before } }: OpsCall) {
  if (!before) return null
  const place = parsePlace(before)
  if (!place) throw new OpsError(400, '?before= is no place in the change log: give "next" of the page before')
  return place
}

/**
 * From the moment on that the answer begins, nothing is left out but what is told to be. `Last-Event-ID`, or `?after=` of who
 * opens another EventSource, goes on from where the one before ended.
 */
async function live(call: OpsCall, { tail, streams, defaultDomain }: ChangeRoutesDeps): Promise<void> {
  const { isFor } = changeFilter(call, defaultDomain)
  const seat = await tail.join()
  if (call.response.destroyed) return seat.leave()
  try {
    const stream = streams.open(call)
    stream.onEnd(seat.leave)
    const after = call.query.after || call.request.headersDistinct['last-event-id']?.[0]
    await seat.listen(isFor, stream.send, after || undefined)
  } catch (error) {
    seat.leave()
    throw error
  }
}
