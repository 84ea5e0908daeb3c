import { setTimeout as pause } from 'node:timers/promises'
import { type BareJid, type ChangedContacts, decodeChange, type User, userFromJid } from '@rollcall/roster'
import {
  type Delivery,
  type Followed,
  type Log,
  type LogEntry,
  type Position,
  redisTrouble,
  type SyncRequest,
  type TargetConfig,
  type TargetLog,
  type TargetState,
} from '@rollcall/runtime'
import type { ChangeBell } from './change-bells.ts'
import type { Deliveries } from './deliveries.ts'
import { prefix } from './prefix.ts'
import { answerOf } from './sync-answer.ts'
import { type Ended, type TaskResult, URGENCY } from './tasks.ts'
import { startWalk, type Walking } from './walk-users.ts'

/** Changes that have been read and have not arrived, of one shard: beyond it, no more are read. */
const MOST_WAITING = 5_000
/** With those that have arrived behind one that has not: one user who is tried again holds up no other (G7). */
const MOST_HELD = 100_000
/** Changes read at a time. */
const MOST_AT_ONCE = 500
/** How often is written down how far the target has come, and how it does. */
const WRITE_MS = 1_000
/** Users compared in a second, of a target that names no rate. */
const PER_SECOND = 200
/** A server that crashed may have lost what it took in its last moments, also what it had answered for. */
const LOST_BY_A_CRASH_MS = 60_000
/** Somebody who asks for users to be brought to a target asks for more of them when those have been. */
const MORE_ASKED_MS = 2_000
/** After Redis could not be asked. */
const TROUBLE_MS = 1_000

export interface FollowOptions {
  readonly config: TargetConfig
  readonly shard: number
  /** How many there are. */
  readonly shards: number
  readonly changes: TargetLog
  readonly deliveries: Deliveries
  readonly bell: ChangeBell
  /** Id of this gateway. */
  readonly gateway: string
  readonly pollMs: number
  readonly log: Log
}

export interface Following {
  readonly target: string
  readonly shard: number
  /** How it does now; undefined until that was first written down. */
  state(): TargetState | undefined
  /** Takes nothing more; writes down how far it has come, if it still may. */
  stop(isHeld: boolean): Promise<void>
}

/** Reads the change log of a shard from where the target has come to, and has every change delivered to it (G6). */
export function followShard(options: FollowOptions): Following {
  const { config, shard, changes, deliveries, bell, log } = options
  const stopped = new AbortController()
  const outstanding = prefix<string>()
  const counts = { drifted: 0, owed: 0 }
  let position: Position | null = null
  let written: Position | null = null
  let arrivedUpTo: string | undefined
  let clock = { redis: Date.now(), local: performance.now() }
  let walking: Walking | undefined
  let askedUntil = 0
  let driftAt = 0
  let disabled = false
  let isEmpty = false
  let failingSince = 0
  let lookedBackFrom = 0
  let hasWritten = false

  const redisNow = (): number => Math.round(clock.redis + performance.now() - clock.local)

  async function run(): Promise<void> {
    const delivery = await insistently(changes.delivery)
    if (!delivery) return
    take(delivery)
    if (delivery.walk) walk(delivery.walk)
    let writeAt = 0
    while (!stopped.signal.aborted) {
      bell.quiet()
      const more = disabled ? false : await insistently(read)
      if (performance.now() >= writeAt) {
        await insistently(write)
        if (disabled) await insistently(async () => take(await changes.delivery())) // somebody may enable it
        writeAt = performance.now() + WRITE_MS
      }
      if (!more) await bell.wait(isAttentive() ? options.pollMs : writeAt - performance.now(), stopped.signal)
    }
  }

  /** There is something to be read of which no bell tells. */
  const isAttentive = (): boolean => room() <= 0 || performance.now() < askedUntil

  const room = (): number => Math.min(MOST_WAITING - outstanding.waiting(), MOST_HELD - outstanding.size())

  const rest = (ms: number): Promise<void> => pause(ms, undefined, { signal: stopped.signal }).catch(() => {})

  /** Until it succeeds, or this ends: Redis may be away. What is in memory stays true meanwhile. */
  async function insistently<T>(work: () => Promise<T>): Promise<T | undefined> {
    for (let failures = 0; !stopped.signal.aborted; failures++) {
      try {
        return await work()
      } catch (error) {
        const line = { target: config.name, shard, reason: redisTrouble(error) }
        if (failures === 0) log.warn(line, 'The change log cannot be read; it is tried again until it can')
        await rest(TROUBLE_MS)
      }
    }
    return undefined
  }

  function take(delivery: Delivery): void {
    position = delivery.position
    written = delivery.position
    ;({ driftAt, disabled, failingSince } = delivery)
    deliveries.enable(!disabled, failingSince)
  }

  /** Reads what is next, as far as there is room; true: there is more. */
  async function read(): Promise<boolean> {
    const most = Math.min(room(), MOST_AT_ONCE)
    if (most <= 0) return false
    const followed = await changes.follow(position, most)
    clock = { redis: followed.now, local: performance.now() }
    for (const request of followed.asked) takeRequest(request)
    if (followed.asked.length > 0) askedUntil = performance.now() + MORE_ASKED_MS
    for (const jid of followed.owed) takeOwed(userFromJid(jid))
    if (followed.position.epoch === '') {
      isEmpty = true // nobody has ever asked for a roster: there is no log yet
      return false
    }
    const isFirst = followed.kind === 'new' && isEmpty
    if (isFirst) {
      position = { ...followed.position, id: '0-0' }
      await changes.writePosition(position) // or the next gateway would begin behind what this one has not delivered
      written = position
      return true
    }
    await begin(followed)
    position = followed.position
    for (const entry of followed.entries) position = { epoch: position.epoch, id: takeEntry(entry) }
    await lookForDrift()
    return followed.entries.length === MOST_AT_ONCE
  }

  /** A target that is new, or has missed changes, is brought to what is stored: of all users, while it follows what is new. */
  async function begin({ kind, position: from }: Followed): Promise<void> {
    if (kind === 'gap' || (kind === 'new' && config.type !== 'webhook')) {
      if (kind === 'gap')
        log.warn(
          { target: config.name, shard },
          'The change log has lost what a target was not told of: all its users are compared',
        )
      const begun = await changes.beginWalk('reconcile', from)
      written = from
      walk(begun)
    } else if (kind === 'new' || kind === 'reset') {
      await changes.writePosition(from)
      written = from
    }
    if (kind !== 'next') forgetOutstanding() // ids of another log, or of what it lost: what was taken is delivered all the same
  }

  /** Returns its id. */
  function takeEntry(entry: LogEntry): string {
    const user = userFromJid(entry.user)
    outstanding.take(entry.id)
    if (user.domain !== config.domain) arrived(entry.id)
    else {
      const at = Number(entry.id.split('-', 1))
      const id = `${shard}-${entry.id}`
      const common = { user, id, at, version: Number(entry.version), change: changeOf(entry) }
      add({ ...common, urgency: URGENCY.change, compareOnly: false }, (result) => {
        if (result !== 'dropped') arrived(entry.id)
      })
    }
    return entry.id
  }

  /** A target that compares need not know what changed. */
  function changeOf(entry: LogEntry): ChangedContacts | null {
    if (config.type !== 'webhook') return null
    try {
      const change = decodeChange(entry)
      return change.truncated ? null : change
    } catch (err) {
      log.warn(
        { target: config.name, shard, entry: entry.id, err },
        'What changed cannot be read: it is told as not known',
      )
      return null
    }
  }

  function forgetOutstanding(): void {
    outstanding.clear()
    arrivedUpTo = undefined
  }

  function arrived(id: string): void {
    arrivedUpTo = outstanding.end(id) ?? arrivedUpTo
  }

  const add = (task: Omit<Parameters<Deliveries['add']>[0], 'ended' | 'attempts' | 'alone'>, ended: Ended): void =>
    deliveries.add({ ...task, ended: [ended], attempts: 0, alone: false })

  /** Brings a user to the target although no change of him is known. */
  function look(user: User, id: string, compareOnly: boolean, ended: Ended): void {
    add({ user, id, at: redisNow(), version: 0, change: null, urgency: URGENCY.look, compareOnly }, ended)
  }

  function takeRequest(request: SyncRequest): void {
    const { id, user, dryRun } = request
    look(userFromJid(user), `asked-${id}-${user}`, dryRun, (result, synced) => {
      if (id === '') return settleIf(result, user)
      changes
        .answer(request, JSON.stringify(answerOf(result, synced)))
        .catch((error: unknown) =>
          log.warn({ err: error, user }, 'The answer to a request to sync could not be written'),
        )
    })
  }

  function takeOwed(user: User): void {
    look(user, `owed-${user.jid}-${redisNow()}`, false, (result) => settleIf(result, user.jid))
  }

  function settleIf(result: TaskResult, user: BareJid): void {
    if (result === 'arrived' || result === 'rejected') changes.settle(user).catch(() => {}) // it is tried again, and is harmless
  }

  function walk(begun: Parameters<typeof startWalk>[0]['walk']): void {
    walking?.stop()
    const { kind } = begun
    const reportOnly = kind === 'drift' && 'drift' in config && config.drift === 'report'
    walking = startWalk({
      walk: begun,
      domain: config.domain,
      perSecond: ('maxPerSecond' in config ? config.maxPerSecond : PER_SECOND) / options.shards, // all of them are gone through at once
      changes,
      bring: (user, ended) =>
        look(user, `walk-${begun.id}-${user.jid}`, reportOnly, (result, synced) => {
          if (kind === 'drift' && synced && synced.plan.puts.length + synced.plan.removes.length > 0) counts.drifted++
          ended(result !== 'dropped')
        }),
      onEnd: () => {
        walking = undefined
        const drifted = kind === 'drift' ? { drifted: counts.drifted } : {}
        log.info({ target: config.name, shard, kind, ...drifted }, 'All users of a target have been compared')
      },
      log,
    })
  }

  async function lookForDrift(): Promise<void> {
    if (!('drift' in config) || config.drift === 'off' || walking) return
    const now = redisNow()
    if (driftAt === 0) {
      driftAt = now
      await changes.writeDriftAt(now)
    }
    if (now - driftAt < config.driftIntervalS * 1000) return
    driftAt = now
    await changes.writeDriftAt(now)
    walk(await changes.beginWalk('drift'))
  }

  /** Writes down how far the target has come, and how it does. */
  async function write(): Promise<void> {
    const done = outstanding.size() === 0 ? position : arrivedUpTo && position && { ...position, id: arrivedUpTo }
    if (done && (done.id !== written?.id || done.epoch !== written.epoch)) {
      await changes.writePosition(done)
      written = done
    }
    const how = deliveries.state()
    if (how.failingSince !== failingSince) {
      failingSince = how.failingSince
      await changes.writeFailingSince(failingSince)
    }
    if (how.recoveredFrom !== lookedBackFrom) {
      await lookBack(how.recoveredFrom)
      lookedBackFrom = how.recoveredFrom
    }
    if (!disabled && (how.isGone || hasFailedForTooLong(how))) {
      disabled = true
      deliveries.enable(false, 0)
      await changes.disable()
      log.error({ target: config.name, shard }, 'A target is told nothing any more, until somebody enables it')
    }
    counts.owed = await changes.countOwed()
    await changes.writeState(state())
    hasWritten = true
  }

  function state(): TargetState {
    const first = outstanding.first()
    const { failingSince: since, isGone: _, recoveredFrom: __, ...counted } = deliveries.state()
    return {
      state: disabled ? 'disabled' : since > 0 ? 'unavailable' : walking ? 'reconciling' : 'following',
      holder: options.gateway,
      at: new Date().toISOString(),
      lagMs: first === undefined ? 0 : Math.max(0, redisNow() - Number(first.split('-', 1))),
      waiting: outstanding.waiting(),
      ...counted,
      ...counts,
      ...(walking && { walked: walking.done() }),
    }
  }

  /** Takes what arrived before an outage once more: where it is there already, nothing is written. */
  async function lookBack(lastArrivedAt: number): Promise<void> {
    if (!('owns' in config) || lastArrivedAt === 0 || !position || !written) return
    const from = redisNow() - (Date.now() - lastArrivedAt) - LOST_BY_A_CRASH_MS
    if (from >= Number(position.id.split('-', 1))) return
    // Not behind what has not arrived, and from here on in the order of the log: the next gateway has to know it as well.
    const back = from < Number(written.id.split('-', 1)) ? { ...position, id: `${from}-0` } : written
    await changes.writePosition(back)
    position = back
    written = back
    forgetOutstanding()
  }

  /** This gateway must have seen it fail as well. */
  const hasFailedForTooLong = ({ failingSince: since, lastError }: ReturnType<Deliveries['state']>): boolean =>
    'disableAfterS' in config &&
    config.disableAfterS > 0 &&
    since > 0 &&
    lastError !== undefined &&
    Date.now() - since > config.disableAfterS * 1000

  const running = run()

  return {
    target: config.name,
    shard,
    state: () => (hasWritten ? state() : undefined),
    async stop(isHeld) {
      stopped.abort()
      bell.close()
      walking?.stop()
      await running
      if (isHeld) await write().catch(() => {}) // what is not written down is repeated
    },
  }
}
