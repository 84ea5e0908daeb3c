import type { OpsTarget } from '@rollcall/roster'
import { grouped } from '../../grouped.ts'
import type { Tone } from '../../ui/status-badge.tsx'

const TARGET_STATES: Record<OpsTarget['state'], Omit<TargetState, 'state'>> = {
  following: { word: 'Follows', tone: 'good' },
  reconciling: { word: 'Goes through all', tone: 'busy' },
  disabled: { word: 'Disabled', tone: 'warn' },
  unserved: { word: 'No gateway', tone: 'bad' },
  unavailable: { word: 'Unavailable', tone: 'bad' },
}

/** It follows, and there are users whom it does not take. */
const NOT_ALL: Omit<TargetState, 'state'> = { word: 'Follows, not for all', tone: 'warn' }

/** The worst of the shards comes last. */
const BY_URGENCY = Object.keys(TARGET_STATES) as OpsTarget['state'][]

interface TargetState {
  /** Of its worst shard. */
  readonly state: OpsTarget['state']
  readonly word: string
  readonly tone: Tone
}

/** One target over all its shards. */
export interface TargetInAll extends TargetState {
  readonly target: string
  readonly type: string
  readonly domain: string
  readonly shards: number
  /** Of the shards, those in the state that is told. */
  readonly inState: number
  /** The longest of them. */
  readonly lagMs: number
  readonly waiting: number
  readonly owed: number
  /** Who was not taken since a gateway serves it. */
  readonly rejected: number
  /** When it is tried again. */
  readonly nextAttemptAt?: string | undefined
  /** Why it takes nothing, or whom it did not take of late; what is over is left out. */
  readonly lastError?: OpsTarget['lastError']
}

/** What is told by shard, in one for each target and domain; in the order in which they came. */
export function targetsInAll(targets: readonly OpsTarget[], now: number): TargetInAll[] {
  const groups = grouped(targets, ({ target, domain }) => `${target} ${domain}`)
  return Array.from(groups.values(), (shards) => inAll(shards, now))
}

function inAll(shards: readonly OpsTarget[], now: number): TargetInAll {
  const [worst] = shards.toSorted((a, b) => BY_URGENCY.indexOf(b.state) - BY_URGENCY.indexOf(a.state))
  if (worst === undefined) throw new Error('A target has no shard')
  const sum = (of: (shard: OpsTarget) => number) => shards.reduce((all, shard) => all + of(shard), 0)
  const owesSome = worst.state === 'following' && shards.some((shard) => isTriedAgain(shard, now))
  const untaken = shards.filter((shard) => isTriedAgain(shard, now) || tookSomebodyNotOfLate(shard, now))
  return {
    target: worst.target,
    type: worst.type,
    domain: worst.domain,
    state: worst.state,
    ...(owesSome ? NOT_ALL : TARGET_STATES[worst.state]),
    shards: shards.length,
    inState: shards.filter(({ state }) => state === worst.state).length,
    lagMs: Math.max(...shards.map(({ lagMs }) => lagMs)),
    waiting: sum(({ waiting }) => waiting),
    owed: sum(({ owed }) => owed),
    rejected: sum(({ rejected }) => rejected),
    nextAttemptAt: worst.nextAttemptAt,
    lastError: isTold(worst.state) ? lastUntakenOf(untaken) : worst.lastError,
  }
}

const isTold = (state: OpsTarget['state']): boolean => state === 'following' || state === 'reconciling'

/** Somebody is owed to it, or has failed since the oldest change came that has not arrived. */
const isTriedAgain = ({ owed, waiting, lagMs, lastError }: OpsTarget, now: number): boolean =>
  owed > 0 || (waiting > 0 && lastError?.user !== undefined && Date.parse(lastError.at) >= now - lagMs)

const tookSomebodyNotOfLate = ({ lastError }: OpsTarget, now: number): boolean =>
  lastError?.user !== undefined && Date.parse(lastError.at) >= now - OF_LATE_MS

const OF_LATE_MS = 3_600_000

const lastUntakenOf = (shards: readonly OpsTarget[]): OpsTarget['lastError'] =>
  shards
    .flatMap(({ lastError }) => (lastError?.user === undefined ? [] : lastError))
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))[0]
