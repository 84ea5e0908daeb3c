import { type BareJid, type ChangedContacts, mergeChanges, type User } from '@rollcall/roster'
import type { Synced } from './sync-user.ts'

/** What changed goes before what is only looked at. */
export const URGENCY = { change: 0, look: 1 } as const
export type Urgency = (typeof URGENCY)[keyof typeof URGENCY]

/** `dropped`: this gateway serves the user no longer; another one will. */
export type TaskResult = 'arrived' | 'rejected' | 'owed' | 'dropped'

/** `synced`: of a target that holds rosters, what was written, or would be. */
export type Ended = (result: TaskResult, synced?: Synced | null) => void

/** One user who is to be brought to a target. */
export interface Task {
  readonly user: User
  /** Of the latest change: the same when it is repeated. */
  readonly id: string
  /** Epoch milliseconds of it, by the clock of Redis. */
  readonly at: number
  /** 0: not known. */
  readonly version: number
  /** All that changed since he was last brought to the target; null: not known. */
  readonly change: ChangedContacts | null
  readonly urgency: Urgency
  /** Only to be compared. */
  readonly compareOnly: boolean
  /** Told what came of it. */
  readonly ended: readonly Ended[]
  readonly attempts: number
  /** Never in one message with others: one of them was to blame. */
  readonly alone: boolean
}

interface Slot {
  running?: Task
  waiting?: Task
  /** Until he is taken again. */
  pause?: NodeJS.Timeout
}

/**
 * Users who wait for one target, each once: what comes while he waits is merged with it, what comes while he is being
 * delivered waits behind it. So the changes of one user arrive in order, and those of many side by side.
 */
export function tasks() {
  const slots = new Map<BareJid, Slot>()
  const takeable = [new Set<BareJid>(), new Set<BareJid>()] as const
  let onTakeable = (): void => {}

  function offer(jid: BareJid, { waiting, running, pause }: Slot): void {
    if (!waiting || running || pause) return
    for (const queue of takeable) queue.delete(jid)
    takeable[waiting.urgency].add(jid)
    onTakeable()
  }

  return {
    /** Calls back when there is something to be taken. */
    onTakeable(call: () => void): void {
      onTakeable = call
    },

    add(task: Task): void {
      const { jid } = task.user
      const slot = slots.get(jid) ?? {}
      slots.set(jid, slot)
      const urgent = slot.waiting !== undefined && slot.waiting.urgency <= task.urgency
      slot.waiting = slot.waiting ? merged(slot.waiting, task) : task
      if (!urgent) offer(jid, slot)
    },

    /** Up to `most` users, of whom none is being delivered; one who has to be alone is. */
    take(most: number): Task[] {
      const taken: Task[] = []
      for (const queue of takeable) {
        for (const jid of queue) {
          const slot = slots.get(jid)
          if (!slot?.waiting || taken.length === most || (slot.waiting.alone && taken.length > 0)) return taken
          queue.delete(jid)
          slot.running = slot.waiting
          delete slot.waiting
          taken.push(slot.running)
          if (slot.running.alone) return taken
        }
      }
      return taken
    },

    /** The delivery of a task has ended, well or not. */
    end({ user: { jid } }: Task): void {
      const slot = slots.get(jid)
      if (!slot) return
      delete slot.running
      if (slot.waiting) offer(jid, slot)
      else slots.delete(jid)
    },

    /** It has ended and is to be repeated, after a pause. */
    repeat(task: Task, afterMs: number): void {
      const { jid } = task.user
      const slot = slots.get(jid) ?? {}
      slots.set(jid, slot)
      delete slot.running
      slot.waiting = slot.waiting ? merged(task, slot.waiting) : task
      slot.pause = setTimeout(() => {
        delete slot.pause
        offer(jid, slot)
      }, afterMs)
    },

    size: () => slots.size,

    /** Takes users away of whom nothing has begun: another gateway serves them now. */
    drop(isGone: (user: User) => boolean): void {
      for (const [jid, slot] of slots) {
        const { waiting } = slot
        if (!waiting || !isGone(waiting.user)) continue
        clearTimeout(slot.pause)
        delete slot.pause
        delete slot.waiting
        for (const queue of takeable) queue.delete(jid)
        if (!slot.running) slots.delete(jid)
        for (const ended of waiting.ended) ended('dropped')
      }
    },
  }
}

const merged = (earlier: Task, later: Task): Task => ({
  ...later,
  version: Math.max(earlier.version, later.version),
  change: mergeChanges(earlier.change, later.change),
  urgency: Math.min(earlier.urgency, later.urgency) as Urgency,
  compareOnly: earlier.compareOnly && later.compareOnly,
  ended: [...earlier.ended, ...later.ended],
  attempts: earlier.attempts,
  alone: earlier.alone,
})
