import {
  type BareJid,
  EMPTY_ROSTER,
  isEmptyPlan,
  type Ownership,
  planSync,
  type Roster,
  readContactsBody,
  type SyncPlan,
  type User,
} from '@rollcall/roster'
import type { RosterStore } from '@rollcall/runtime'
import { type RosterTarget, TargetError } from './targets/target.ts'

export interface SyncDeps {
  readonly target: RosterTarget
  readonly ownership: Ownership
  readonly store: Pick<RosterStore, 'read' | 'isGone'>
  /** A signal for one request to the target. */
  readonly signal: () => AbortSignal
  /** Whether this gateway still serves the user: one that was stopped for a while must not write what is old by now. */
  readonly serves: (user: User) => boolean
  /** Told of each contact written. */
  readonly wrote: () => void
  /** Told of each contact who is about to be removed: it waits until that is known to whoever has to know. */
  readonly removing?: (contact: BareJid) => Promise<void>
}

export interface Synced {
  readonly plan: SyncPlan
  readonly writes: number
}

/** This gateway does not serve the user any longer. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
}

/**
 * Brings the roster of one user on a server to what is stored, by comparing the two: only what differs is written, so that
 * clients are not told twice. Null: nothing is stored of him. Throws TargetError, LeaseLostError.
 */
export async function syncUser(user: User, compareOnly: boolean, deps: SyncDeps): Promise<Synced | null> {
  const { target, ownership, signal } = deps
  const desired = await desiredRoster(user, deps)
  if (desired === null) return null
  const plan = planSync(desired, await rosterOnServer(user, desired, deps), ownership)
  if (compareOnly || isEmptyPlan(plan)) return { plan, writes: 0 }
  const onlyIfServed = (): void => {
    if (!deps.serves(user)) throw new LeaseLostError(`${user.jid} is served by another gateway`)
  }
  const refusals: TargetError[] = []
  let writes = 0
  async function write(one: () => Promise<void>): Promise<void> {
    onlyIfServed()
    try {
      await one()
      writes++
      deps.wrote()
    } catch (error) {
      if (!isAboutOneContact(error)) throw error
      refusals.push(error)
    }
  }
  for (const jid of plan.removes) {
    await deps.removing?.(jid)
    await write(() => target.remove(user, jid, signal()))
  }
  for (const contact of plan.puts) await write(() => target.put(user, contact, signal()))
  const [refusal] = refusals
  if (refusal) throw refusal
  return { plan, writes }
}

/** The other contacts of the user are not to blame for it. */
const isAboutOneContact = (error: unknown): error is TargetError =>
  error instanceof TargetError && error.scope === 'user' && error.code === 'target-refused' && !error.isTemporary

/** Who has no contacts, and no account there, need not be told of. */
async function rosterOnServer(user: User, desired: Roster, { target, signal }: SyncDeps): Promise<Roster> {
  try {
    return await target.get(user, signal())
  } catch (error) {
    if (desired.size === 0 && error instanceof TargetError && error.code === 'target-user-unknown') return EMPTY_ROSTER
    throw error
  }
}

/** A user who is gone has no contacts; one whose roster nobody used for long, and which was dropped, keeps them. */
async function desiredRoster({ jid }: User, { store }: SyncDeps): Promise<Roster | null> {
  const stored = await store.read(jid)
  if (stored) return readContactsBody(stored.body.toString())
  return (await store.isGone(jid)) ? EMPTY_ROSTER : null
}
