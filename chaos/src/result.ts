import type { Trouble } from './troubles.ts'
import type { Violation } from './violations.ts'
import type { Recovery } from './well-again.ts'

export interface FaultResult extends Recovery {
  readonly fault: string
  readonly what: string
  readonly trouble: Trouble
}

export interface Result {
  readonly seed: number
  readonly seconds: number
  /** All of them were checked. */
  readonly answers: number
  /** Users who were counted in answers. */
  readonly usersTold: number
  readonly refreshes: number
  readonly reads: number
  readonly faults: readonly FaultResult[]
  /** Faults that could not be injected on this machine, and why. */
  readonly leftOut: readonly string[]
  readonly violations: readonly Violation[]
}

/** Faults during which nothing was answered: what they do has not been seen. */
export const unseen = ({ faults }: Result): string[] => {
  const names = [...new Set(faults.map(({ fault }) => fault))]
  return names.filter((name) => faults.every(({ fault, trouble }) => fault !== name || trouble.answers === 0))
}

export const inSeconds = (ms: number | null): string => (ms === null ? 'never' : `${(ms / 1000).toFixed(1)} s`)
