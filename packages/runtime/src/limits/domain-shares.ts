/** What is allowed to all workers together; 0: no cap. */
export interface Caps {
  readonly maxConcurrent: number
  readonly maxPerSecond: number
}

/** A request may be made now. */
export interface Share {
  readonly kind: 'share'
  /** Whether the request would still end while the share lasts. */
  lasts(): boolean
  end(): void
}

/** None may be made before that. */
export interface Later {
  readonly kind: 'later'
  readonly ms: number
}

/** What a worker asks of Redis, and gets; see `limit.lua`. */
export interface Demand {
  readonly wanted: number
  readonly running: number
  readonly lastsMs: number
  readonly begins: number
  readonly aheadMs: number
}
export interface Grant {
  readonly slots: number
  readonly sharers: number
  readonly begins: number
  readonly firstInMs: number
}

export interface DomainSharesOptions extends Caps {
  /** Of one request. */
  readonly timeoutMs: number
  ask(demand: Demand): Promise<Grant>
}

/** A share is renewed so often, and given back by then when nobody needs it. */
const RENEW_MS = 1_000
/** When a job waits and nothing is free. */
const ASK_AGAIN_MS = 100
/** Shares last as long as a request and this, so that one renewal or two may be late. */
const SPARE_MS = 4_000
/** Of which so much is for what comes between a share and its request. */
const UNTIL_REQUEST_MS = 1_000
/** Those that have a time to begin are given out for so long ahead, and so long after it they are void. */
const AHEAD_MS = 1_000
const VOID_AFTER_MS = 100
/** A job waits here for so long, and then in the queue. */
const HOLD_MS = 1_000
const SHORTEST_DELAY_MS = 100
const LONGEST_DELAY_MS = 30_000

interface Waiter {
  readonly since: number
  tell(share: Share | Later): void
}

/** The shares of one worker in what may be asked of one backend. */
export function domainShares({ maxConcurrent, maxPerSecond, timeoutMs, ask }: DomainSharesOptions) {
  const lastsMs = timeoutMs + SPARE_MS
  const waiting: Waiter[] = []
  /** When requests may begin, in order. */
  let beginnings: number[] = []
  let slots = 0
  let goodUntil = 0
  let sharers = 1
  let running = 0
  let begunSince = 0
  /** Others leave something for this worker until they are told that it needs nothing. */
  let told = false
  let asking = false
  let askedAt = Number.NEGATIVE_INFINITY
  let runningWhenAsked = 0
  let usualMs = 50
  let turn = 0
  let ticking: NodeJS.Timeout | undefined
  let beginning: NodeJS.Timeout | undefined

  /** While Redis is asked it may be taking away what does not run. */
  const usable = (): number => (asking ? Math.min(slots, runningWhenAsked) : slots)

  function mayBegin(now: number): boolean {
    if (maxConcurrent > 0 && running >= usable()) return false
    if (goodUntil < now + timeoutMs + UNTIL_REQUEST_MS) return false
    return maxPerSecond === 0 || (beginnings[0] ?? Number.POSITIVE_INFINITY) <= now
  }

  function begin(now: number): Share {
    running++
    begunSince++
    if (maxPerSecond > 0) beginnings.shift()
    let ended = false
    return {
      kind: 'share',
      lasts: () => performance.now() + timeoutMs <= goodUntil,
      end() {
        if (ended) return
        ended = true
        running--
        usualMs += (performance.now() - now - usualMs) / 16
        if (waiting.length > 0) look()
      },
    }
  }

  /** Gives out what there is, and asks for more. */
  function look(): void {
    const now = performance.now()
    beginnings = beginnings.filter((at) => at > now - VOID_AFTER_MS)
    while (waiting.length > 0 && mayBegin(now)) waiting.shift()?.tell(begin(now))
    for (const waiter of waiting.filter(({ since }) => since < now - HOLD_MS)) {
      waiting.splice(waiting.indexOf(waiter), 1)
      waiter.tell(later())
    }
    const idle = running === 0 && waiting.length === 0
    const since = now - askedAt
    if (since >= RENEW_MS || (waiting.length > 0 && since >= ASK_AGAIN_MS && !comes(now))) void renew()
    tickUnless(idle && !told && !asking)
    const [first] = beginnings
    if (waiting.length === 0 || first === undefined || first <= now) return
    beginning ??= setTimeout(() => {
      beginning = undefined
      look()
    }, first - now)
  }

  /** Something may begin within the time in which Redis would be asked again. */
  const comes = (now: number): boolean =>
    maxPerSecond > 0 &&
    beginnings.length > 0 &&
    (maxConcurrent === 0 || running < usable()) &&
    (beginnings[0] ?? 0) > now

  async function renew(): Promise<void> {
    if (asking) return
    asking = true
    askedAt = performance.now()
    runningWhenAsked = running
    const busy = running + waiting.length
    const begins = maxPerSecond > 0 && busy > 0 ? Math.min(maxPerSecond, waiting.length + begunSince + 1) : 0
    begunSince = 0
    told ||= busy > 0
    try {
      const grant = await ask({
        wanted: Math.min(maxConcurrent || Number.MAX_SAFE_INTEGER, Math.ceil(busy * 1.5)),
        running,
        lastsMs,
        begins: Math.max(0, begins - beginnings.length),
        aheadMs: AHEAD_MS,
      })
      slots = grant.slots
      sharers = grant.sharers
      goodUntil = askedAt + lastsMs
      told = busy > 0
      const first = performance.now() + grant.firstInMs
      for (let i = 0; i < grant.begins; i++) beginnings.push(first + (i * 1000) / maxPerSecond)
    } catch {
      slots = Math.min(slots, runningWhenAsked) // Redis is away, and may have taken the others or not
    } finally {
      asking = false
      look()
    }
  }

  function tickUnless(idle: boolean): void {
    if (idle) {
      clearInterval(ticking)
      ticking = undefined
    } else ticking ??= setInterval(look, ASK_AGAIN_MS / 2)
  }

  /**
   * Jobs that find no share are to come again when it is about their turn: each has its own time, at twice the pace at
   * which they can be served, so that no share is ever left over for want of a job.
   */
  function later(): Later {
    const now = performance.now()
    const pace = Math.min(
      maxPerSecond || Number.POSITIVE_INFINITY,
      maxConcurrent > 0 ? (maxConcurrent * 1000) / Math.max(1, usualMs) : Number.POSITIVE_INFINITY,
    )
    turn = Math.min(Math.max(turn, now) + (500 * sharers) / pace, now + LONGEST_DELAY_MS)
    const ms = turn - now < LONGEST_DELAY_MS ? turn - now : LONGEST_DELAY_MS * (0.5 + Math.random() / 2)
    return { kind: 'later', ms: Math.max(SHORTEST_DELAY_MS, Math.ceil(ms)) }
  }

  return {
    /** A share that is free now; undefined: there is none. */
    take(): Share | undefined {
      const now = performance.now()
      if (waiting.length > 0 || !mayBegin(now)) return undefined
      return begin(now)
    },

    waiting: () => waiting.length,
    later,

    /** One that gets free soon; who is `first` goes before all who wait. */
    wait(first = false): Promise<Share | Later> {
      return new Promise((tell) => {
        const waiter = { since: performance.now(), tell }
        if (first) waiting.unshift(waiter)
        else waiting.push(waiter)
        look()
      })
    },

    /** Gives back what is not in use. */
    async stop(): Promise<void> {
      for (const { tell } of waiting.splice(0)) tell(later())
      clearInterval(ticking)
      clearTimeout(beginning)
      if (running === 0 && told) await renew()
      clearInterval(ticking)
      ticking = undefined
    },
  }
}
