import type { OpsSnapshot } from '@rollcall/roster'
import type { Log } from '@rollcall/runtime'
import { type EventStream, type EventStreams, eventOf } from './event-stream.ts'
import type { Operator, OpsRoute } from './route.ts'

export interface LiveDeps {
  /** Takes a snapshot of everything; never rejects for Redis' sake. */
  look(): Promise<OpsSnapshot>
  readonly streams: Pick<EventStreams, 'open'>
  readonly log: Log
}

const LOOK_EVERY_MS = 1_000
/** How long it is looked on after the last one has gone. */
const LINGER_MS = 5_000
/** Readers to whom nothing was told are told then that nothing has changed. */
const ALIVE_EVERY_MS = 2_000
/** Unless what is known is older than that, since a look takes long: readers are to see that it is old. */
const GOOD_FOR_MS = 5_000
/** Then everything is told again, also what alone is no news: when a process was last heard of. */
const ALL_EVERY_MS = 30_000

export interface Live {
  readonly routes: readonly OpsRoute[]
  close(): void
}

/** The snapshots of this api: one loop for however many look, and none for nobody. */
export function liveSnapshots({ look, streams, log }: LiveDeps): Live {
  const readers = new Map<EventStream, Operator>()
  let looking: Promise<Look> | undefined
  let latest: Look | undefined
  let lookedAt = 0
  let told = ''
  let toldAt = 0
  let spokeAt = 0
  let wantedUntil = 0
  let timer: NodeJS.Timeout | undefined
  let closed = false
  /** Readers who were left out, since what was sent to them before had not all left. */
  const missed = new Set<EventStream>()

  /** One look for all who ask meanwhile. */
  function lookOnce(): Promise<Look> {
    looking ??= look()
      .then((snapshot) => {
        latest = seen(snapshot)
        lookedAt = performance.now()
        return latest
      })
      .finally(() => {
        looking = undefined
      })
    return looking
  }

  function want(): void {
    if (closed) return
    wantedUntil = performance.now() + LINGER_MS
    timer ??= setInterval(turn, LOOK_EVERY_MS)
  }

  function turn(): void {
    if (readers.size === 0 && performance.now() > wantedUntil) return end()
    const now = performance.now()
    const mayBeSaid = now - spokeAt >= ALIVE_EVERY_MS && now - lookedAt <= GOOD_FOR_MS
    if (latest && readers.size > 0 && mayBeSaid) sayAlive(latest)
    if (looking !== undefined) return // a look that takes long: Redis is slow or away
    lookOnce().then(tell, (error: unknown) => log.error({ err: error }, 'A snapshot for the dashboards failed'))
  }

  function end(): void {
    clearInterval(timer)
    timer = undefined
    latest = undefined
    told = ''
  }

  function tell(look: Look): void {
    const now = performance.now()
    const isNews = look.news !== told || now - toldAt >= ALL_EVERY_MS
    if (isNews) {
      told = look.news
      toldAt = now
      spokeAt = now
    }
    for (const [stream, operator] of isNews ? readers : [...readers].filter(([one]) => missed.has(one)))
      sendState(stream, look.eventFor(operator))
  }

  function sendState(stream: EventStream, event: Buffer): void {
    if (stream.isBehind()) return void missed.add(stream)
    missed.delete(stream)
    stream.send(event)
  }

  function sayAlive({ snapshot }: Look): void {
    spokeAt = performance.now()
    const event = eventOf('alive', JSON.stringify({ at: snapshot.at }))
    for (const stream of readers.keys()) if (!stream.isBehind()) stream.send(event)
  }

  return {
    routes: [
      {
        method: 'get',
        path: '/snapshot',
        right: 'view',
        scope: 'domain',
        async handle({ operator }) {
          want()
          return ofDomains((latest ?? (await lookOnce())).snapshot, operator.domains)
        },
      },
      {
        method: 'get',
        path: '/live',
        right: 'view',
        scope: 'domain',
        async handle(call) {
          const stream = streams.open(call)
          stream.onEnd(() => {
            readers.delete(stream)
            missed.delete(stream)
            want()
          })
          readers.set(stream, call.operator)
          want()
          stream.send((latest ?? (await lookOnce())).eventFor(call.operator))
        },
      },
    ],
    close() {
      closed = true
      end()
    },
  }
}

/** A snapshot, and what is sent of it to whom, put into text once for all who may see the same. */
interface Look {
  readonly snapshot: OpsSnapshot
  /** The same text means that there is nothing to tell. */
  readonly news: string
  eventFor(operator: Operator): Buffer
}

function seen(snapshot: OpsSnapshot): Look {
  const events = new Map<string, Buffer>()
  return {
    snapshot,
    news: newsIn(snapshot),
    eventFor({ domains }) {
      const scope = domains === '*' ? '*' : domains.toSorted().join(' ')
      const known = events.get(scope)
      if (known) return known
      const event = eventOf('snapshot', JSON.stringify(ofDomains(snapshot, domains)))
      events.set(scope, event)
      return event
    },
  }
}

/** Time that passes is no news. */
function newsIn({ at: _, redis, processes, ...rest }: OpsSnapshot): string {
  const heard = processes.map(({ seenAt: _, ...process }) => process)
  return JSON.stringify({ ...rest, redis: { ...redis, uptimeS: 0 }, processes: heard })
}

/** What somebody may see who is there for some domains only. */
function ofDomains(snapshot: OpsSnapshot, domains: Operator['domains']): OpsSnapshot {
  if (domains === '*') return snapshot
  const isTheirs = ({ domain }: { readonly domain: OpsSnapshot['backends'][number]['domain'] }): boolean =>
    domains.includes(domain)
  const { status, troubles } = snapshot.health
  // What is wrong with a backend or target is said in its words, and those of another domain are not theirs to read.
  const ofTheirs = troubles.filter(({ place, domain = place?.view === 'failures' ? place.domain : undefined }) => {
    return domain === undefined || domains.includes(domain)
  })
  return {
    ...snapshot,
    health: { status: status === 'degraded' && ofTheirs.length === 0 ? 'ok' : status, troubles: ofTheirs },
    backends: snapshot.backends.filter(isTheirs),
    targets: snapshot.targets.filter(isTheirs),
    running: snapshot.running.filter(isTheirs),
  }
}
