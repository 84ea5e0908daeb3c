import type { BareJid, FailureCode } from '@rollcall/roster'
import {
  byShard,
  type Log,
  MAX_USERS_PER_CALL,
  type Notice,
  parseNotice,
  type RosterStore,
  type Subscriber,
  shardKeys,
  type UserState,
} from '@rollcall/runtime'

export type Settlement =
  | { readonly kind: 'updated'; readonly changed: boolean }
  | { readonly kind: 'failed'; readonly code: FailureCode; readonly message: string }

/** Somebody's interest in one user: `expect` says which generation answers it. */
export interface Waiter {
  readonly jid: BareJid
  readonly settle: (settlement: Settlement) => void
  expected?: Expectation
  /** How many looks had begun when the generation became known: what those find may be older than the request. */
  expectedAfter?: number
  /** What was heard before the generation was known: a message may overtake the answer of `request`. */
  heard?: Notice
}

export interface Expectation {
  readonly epoch: string
  readonly generation: number
  /** Version stored when the roster was asked for. */
  readonly version: number
}

/** Users looked at again per tick: all of a small refresh, a slice of a large one, never a burst on Redis. */
const RECHECKED_PER_TICK = 1000

export interface SettlementsOptions {
  readonly subscriber: Subscriber
  readonly store: Pick<RosterStore, 'states'>
  readonly shards: number
  readonly replica: string
  readonly recheckIntervalMs: number
  readonly log: Log
}

export type Settlements = ReturnType<typeof settlements>

/**
 * Who waits for which user on this replica. Workers tell a replica by pub/sub of the users it waits for; pub/sub repeats
 * nothing, so everybody who still waits is looked at again from time to time, and all at once after a reconnect.
 */
export function settlements({ subscriber, store, shards, replica, recheckIntervalMs, log }: SettlementsOptions) {
  const waiters = new Map<BareJid, Waiter[]>()
  const channels = Array.from({ length: shards }, (_, shard) => shardKeys(shard).settledPrefix + replica)

  function watch(jid: BareJid, settle: Waiter['settle']): Waiter {
    const waiter: Waiter = { jid, settle }
    const others = waiters.get(jid)
    if (others) others.push(waiter)
    else waiters.set(jid, [waiter])
    return waiter
  }

  function expect(waiter: Waiter, expectation: Expectation): void {
    waiter.expected = expectation
    waiter.expectedAfter = looks
    if (waiter.heard) consider(waiter, waiter.heard)
  }

  function stop(waiter: Waiter): void {
    const left = waiters.get(waiter.jid)?.filter((other) => other !== waiter)
    if (left === undefined || left.length === 0) waiters.delete(waiter.jid)
    else waiters.set(waiter.jid, left)
  }

  /** A message may be older than the request; so may a look, unless it began after the request was answered. */
  function consider(waiter: Waiter, notice: Notice, look?: number): void {
    const { expected, expectedAfter = 0 } = waiter
    if (!expected) {
      if (look === undefined) waiter.heard = notice
      return
    }
    const settlement = settlementOf(notice, expected, look !== undefined && look > expectedAfter)
    if (!settlement) return
    stop(waiter)
    waiter.settle(settlement)
  }

  const tell = (notice: Notice, look?: number) => {
    for (const waiter of waiters.get(notice.jid) ?? []) consider(waiter, notice, look)
  }

  let looks = 0

  async function lookAt(users: readonly BareJid[]): Promise<void> {
    for (const [shard, group] of byShard(users, (jid) => jid, shards)) {
      await lookInto(shard, group).catch((error: unknown) => {
        log.debug({ err: error, shard }, 'Could not look again at users who are waited for; the next look tries again')
      })
    }
  }

  async function lookInto(shard: number, group: readonly BareJid[]): Promise<void> {
    for (let i = 0; i < group.length; i += MAX_USERS_PER_CALL) {
      const slice = group.slice(i, i + MAX_USERS_PER_CALL)
      const look = ++looks
      const { epoch, states } = await store.states(shard, slice)
      states.forEach((state, at) => {
        const jid = slice[at]
        if (jid !== undefined) tell({ ...state, jid, epoch }, look)
      })
    }
  }

  let next = waiters.keys()
  function nextUsers(): BareJid[] {
    const users: BareJid[] = []
    while (users.length < RECHECKED_PER_TICK) {
      const { value, done } = next.next()
      if (done) {
        next = waiters.keys()
        break
      }
      users.push(value)
    }
    return users
  }

  let looking = false
  async function look(users: readonly BareJid[]): Promise<void> {
    looking = true
    await lookAt(users)
    looking = false
  }

  subscriber.on('message', (_channel: string, text: string) => tell(parseNotice(text)))
  const listen = async (): Promise<void> => {
    await subscriber.subscribe(...channels)
    await look([...waiters.keys()])
  }
  const startListening = () =>
    void listen().catch((error: unknown) => log.warn({ err: error }, 'Could not subscribe; looking at users instead'))
  subscriber.on('ready', startListening)
  if (subscriber.status === 'ready') startListening()
  const timer = setInterval(() => {
    if (!looking && waiters.size > 0) void look(nextUsers())
  }, recheckIntervalMs)

  return {
    /** Registers interest; call it before the roster is asked for. */
    watch,
    /** Says which generation, of which Redis, answers the interest. */
    expect,
    stop,
    /** Users that somebody waits for. */
    size: () => waiters.size,
    close: () => clearInterval(timer),
  }
}

/**
 * What a state means for whoever waits for a generation; null: nothing yet.
 * `newer`: the state was read after the request was answered, so a generation it does not know has been lost.
 */
export function settlementOf(
  state: UserState & { readonly epoch: string },
  expected: Expectation,
  newer: boolean,
): Settlement | null {
  if (state.epoch !== expected.epoch) return newer ? RESET : null
  if (state.fetched >= expected.generation) return { kind: 'updated', changed: state.version > expected.version }
  if (state.failed >= expected.generation) {
    return { kind: 'failed', code: state.code || 'worker-crashed', message: state.message }
  }
  return newer && state.wanted < expected.generation ? RESET : null
}

/** A generation of a Redis that lost its data means nothing in the next one, so nobody may wait for it. */
const RESET: Settlement = {
  kind: 'failed',
  code: 'store-reset',
  message: 'Redis lost its data while this refresh ran; send it again',
}
