import type { OpsProcess, OpsSnapshot, OpsTarget } from '@rollcall/roster'
import { grouped } from '../../grouped.ts'
import type { Tone } from '../../ui/status-badge.tsx'

/** Of the users that settled: how many failed, 0 to 1. */
export const errorShareOf = (errors: OpsSnapshot['errors']): number =>
  Math.min(
    1,
    errors.reduce((sum, { share }) => sum + share, 0),
  )

const TARGET_STATES: Record<OpsTarget['state'], { readonly word: string; readonly tone: Tone }> = {
  following: { word: 'Follows', tone: 'good' },
  reconciling: { word: 'Goes through all', tone: 'busy' },
  disabled: { word: 'Disabled', tone: 'warn' },
  unserved: { word: 'No gateway', tone: 'bad' },
  unavailable: { word: 'Unavailable', tone: 'bad' },
}

/** The worst of the shards comes last. */
const BY_URGENCY = Object.keys(TARGET_STATES) as OpsTarget['state'][]

/** One target over all its shards. */
export interface TargetInAll {
  readonly target: string
  readonly type: string
  readonly domain: string
  readonly word: string
  readonly tone: Tone
  readonly shards: number
  /** Of the shards, those in the state that is told. */
  readonly inState: number
  /** The longest of them. */
  readonly lagMs: number
  readonly waiting: number
  readonly owed: number
  readonly lastError?: OpsTarget['lastError']
}

/** What is told by shard, in one for each target and domain; in the order in which they came. */
export function targetsInAll(targets: readonly OpsTarget[]): TargetInAll[] {
  const groups = grouped(targets, ({ target, domain }) => `${target} ${domain}`)
  return Array.from(groups.values(), inAll)
}

function inAll(shards: readonly OpsTarget[]): TargetInAll {
  const [worst] = shards.toSorted((a, b) => BY_URGENCY.indexOf(b.state) - BY_URGENCY.indexOf(a.state))
  if (worst === undefined) throw new Error('A target has no shard')
  const sum = (of: (shard: OpsTarget) => number) => shards.reduce((all, shard) => all + of(shard), 0)
  return {
    target: worst.target,
    type: worst.type,
    domain: worst.domain,
    ...TARGET_STATES[worst.state],
    shards: shards.length,
    inState: shards.filter(({ state }) => state === worst.state).length,
    lagMs: Math.max(...shards.map(({ lagMs }) => lagMs)),
    waiting: sum(({ waiting }) => waiting),
    owed: sum(({ owed }) => owed),
    lastError: worst.lastError,
  }
}

/** Of each number, what part of the other one it is; null where that is none. */
export const sharesOf = (parts: readonly number[], wholes: readonly number[]): (number | null)[] =>
  parts.map((part, index) => {
    const whole = wholes[index] ?? 0
    return whole > 0 ? part / whole : null
  })

/** How many of a role do what; `gone` are silent. */
export interface Headcount {
  readonly alive: number
  readonly stuck: number
  readonly gone: number
}

export function headcount(processes: readonly OpsProcess[], role: OpsProcess['role']): Headcount {
  const count = (state: OpsProcess['state']) =>
    processes.filter((process) => process.role === role && process.state === state).length
  return { alive: count('alive'), stuck: count('stuck'), gone: count('silent') }
}
