import { type BareJid, type ChangedContacts, decodeChange, type User, userFromJid } from '@rollcall/roster'
import {
  type Log,
  type LogEntry,
  type SyncRequest,
  shardOf,
  type TargetConfig,
  type TargetLog,
} from '@rollcall/runtime'
import type { Deliveries } from './deliveries.ts'
import type { PlaceInLog } from './place-in-log.ts'
import { type RedisClock, timeOfEntry } from './redis-clock.ts'
import { answerOf } from './sync-answer.ts'
import { type Ended, type TaskResult, URGENCY } from './tasks.ts'

export interface BringUsersOptions {
  readonly config: TargetConfig
  readonly shard: number
  /** How many there are. */
  readonly shards: number
  readonly changes: Pick<TargetLog, 'answer' | 'settle'>
  readonly deliveries: Pick<Deliveries, 'add'>
  readonly place: Pick<PlaceInLog, 'take' | 'arrived'>
  readonly clock: RedisClock
  readonly log: Log
}

/** Why users of a shard are to be brought to a target: each is given to its deliveries, and what came of it is written off. */
export function bringUsers({ config, shard, shards, changes, deliveries, place, clock, log }: BringUsersOptions) {
  const add = (task: Omit<Parameters<Deliveries['add']>[0], 'ended' | 'attempts' | 'alone'>, ended: Ended): void =>
    deliveries.add({ ...task, ended: [ended], attempts: 0, alone: false })

  /** Others were left here when SHARDS was changed: their rosters are fetched anew, and told of, where they are now. */
  const isHere = ({ jid }: User): boolean => shardOf(jid, shards) === shard

  /** Although no change of him is known. */
  function look(user: User, id: string, compareOnly: boolean, ended: Ended): void {
    if (!isHere(user)) return ended('arrived')
    add({ user, id, at: clock.now(), version: 0, change: null, urgency: URGENCY.look, compareOnly }, ended)
  }

  function settleIf(result: TaskResult, user: BareJid): void {
    if (result === 'arrived' || result === 'rejected') changes.settle(user).catch(() => {}) // it is tried again, and is harmless
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

  return {
    look,

    /** An entry of the change log. */
    change(entry: LogEntry): void {
      const user = userFromJid(entry.user)
      place.take(entry.id)
      if (user.domain !== config.domain || !isHere(user)) return place.arrived(entry.id)
      const id = `${shard}-${entry.id}`
      const what = { user, id, at: timeOfEntry(entry.id), version: Number(entry.version), change: changeOf(entry) }
      add({ ...what, urgency: URGENCY.change, compareOnly: false }, (result) => {
        if (result !== 'dropped') place.arrived(entry.id)
      })
    },

    /** Somebody wants it. */
    asked(request: SyncRequest): void {
      const { id, user, dryRun } = request
      look(userFromJid(user), `asked-${id}-${user}`, dryRun, (result, synced) => {
        if (id === '') return settleIf(result, user)
        changes
          .answer(request, JSON.stringify(answerOf(result, synced)))
          .catch((error: unknown) =>
            log.warn({ err: error, user }, 'The answer to a request to sync could not be written'),
          )
      })
    },

    /** The target did not take him before. */
    owed(user: BareJid): void {
      look(userFromJid(user), `owed-${user}-${clock.now()}`, false, (result) => settleIf(result, user))
    },
  }
}
