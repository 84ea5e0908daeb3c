import {
  type Delivery,
  type Followed,
  type Log,
  numberOfChange,
  redisTrouble,
  type TargetConfig,
  type TargetLog,
  type TargetState,
} from '@rollcall/runtime'
import { bringUsers } from './bring-users.ts'
import type { ChangeBell } from './change-bells.ts'
import type { Deliveries } from './deliveries.ts'
import { insistence } from './insistence.ts'
import { outages } from './outages.ts'
import { placeInLog } from './place-in-log.ts'
import { redisClock } from './redis-clock.ts'
import { shardWalks } from './shard-walks.ts'

/** Changes read at a time. */
const MOST_AT_ONCE = 500
/** How often is written down how far the target has come, and how it does. */
const WRITE_MS = 1_000
/** Somebody who asks for users to be brought to a target asks for more of them when those have been. */
const MORE_ASKED_MS = 2_000

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
  const insistently = insistence({
    signal: stopped.signal, // what is in memory stays true while Redis is away
    onTrouble(error, failures) {
      const line = { target: config.name, shard, reason: redisTrouble(error) }
      if (failures === 1) log.warn(line, 'The change log cannot be read; it is tried again until it can')
    },
  })
  const clock = redisClock()
  const place = placeInLog(changes)
  const bring = bringUsers({ ...options, place, clock })
  const walks = shardWalks({ ...options, look: bring.look, clock })
  const outage = outages({ ...options, place, clock })
  let askedUntil = 0
  let owed = 0
  /** Of a target that is disabled, of whose changes none are read. */
  let unreadForMs = 0
  let isEmpty = false
  let hasWritten = false

  async function run(): Promise<void> {
    const delivery = await insistently(changes.delivery)
    if (!delivery) return
    resume(delivery)
    walks.resume(delivery)
    let writeAt = 0
    while (!stopped.signal.aborted) {
      bell.quiet()
      const more = outage.isDisabled() ? false : await insistently(read)
      if (performance.now() >= writeAt) {
        await insistently(write)
        if (outage.isDisabled()) await insistently(async () => resume(await changes.delivery())) // somebody may enable it
        writeAt = performance.now() + WRITE_MS
      }
      if (!more) await bell.wait(isAttentive() ? options.pollMs : writeAt - performance.now(), stopped.signal)
    }
  }

  function resume(delivery: Delivery): void {
    place.resume(delivery.position)
    outage.resume(delivery)
  }

  /** There is something to be read of which no bell tells. */
  const isAttentive = (): boolean => place.room() <= 0 || performance.now() < askedUntil

  /** Reads what is next, as far as there is room; true: there is more. */
  async function read(): Promise<boolean> {
    const most = Math.min(place.room(), MOST_AT_ONCE)
    if (most <= 0) return false
    const followed = await changes.follow(place.read(), most)
    clock.set(followed.now)
    for (const request of followed.asked) bring.asked(request)
    if (followed.asked.length > 0) askedUntil = performance.now() + MORE_ASKED_MS
    for (const user of followed.owed) bring.owed(user)
    if (followed.position.epoch === '') {
      isEmpty = true // nobody has ever asked for a roster: there is no log yet
      return false
    }
    if (followed.kind === 'new' && isEmpty) {
      // Written down, or the next gateway would begin behind what this one has not delivered.
      await place.moveTo({ ...followed.position, id: '0-0' })
      return true
    }
    if (followed.kind !== 'next') await begin(followed)
    for (const entry of followed.entries) bring.change(entry)
    await walks.lookForDrift()
    return followed.entries.length === MOST_AT_ONCE
  }

  /** A target that is new, or has missed changes, is brought to what is stored, and those who are gone are: all users, while it follows what is new. */
  async function begin({ kind, position }: Followed): Promise<void> {
    if (kind === 'gap')
      log.warn(
        { target: config.name, shard },
        'The change log has lost what a target was not told of: all its users are compared',
      )
    if (kind === 'reset' || (kind === 'new' && config.type === 'webhook')) return place.moveTo(position)
    await walks.reconcile(position, goneToldUpTo(position.epoch, numberOfChange(position.id)))
    place.leapTo(position)
  }

  /** Of those who are gone, by the number of the change; 0: of nobody, or it is not known, since the log was rolled back. */
  function goneToldUpTo(epoch: string, end: number): number {
    const told = place.written()
    const number = told?.epoch === epoch ? numberOfChange(told.id) : 0
    return number <= end ? number : 0
  }

  /** Writes down how far the target has come, and how it does. */
  async function write(): Promise<void> {
    await place.write()
    await outage.write()
    owed = await changes.countOwed()
    unreadForMs = outage.isDisabled() ? await changes.lagMs() : 0
    await changes.writeState(state())
    hasWritten = true
  }

  function state(): TargetState {
    const since = place.waitingSince()
    const waitedForMs = since === undefined ? 0 : Math.max(0, clock.now() - since)
    const { failingSince, isGone: _, recoveredFrom: __, ...delivered } = deliveries.state()
    return {
      state: outage.isDisabled()
        ? 'disabled'
        : failingSince > 0
          ? 'unavailable'
          : walks.isWalking()
            ? 'reconciling'
            : 'following',
      holder: options.gateway,
      at: new Date().toISOString(),
      lagMs: outage.isDisabled() ? unreadForMs : waitedForMs,
      waiting: place.waiting(),
      owed,
      ...delivered,
      ...walks.counts(),
    }
  }

  const running = run()

  return {
    target: config.name,
    shard,
    state: () => (hasWritten ? state() : undefined),
    async stop(isHeld) {
      stopped.abort()
      bell.close()
      walks.stop()
      await running
      if (isHeld) await write().catch(() => {}) // what is not written down is repeated
    },
  }
}
