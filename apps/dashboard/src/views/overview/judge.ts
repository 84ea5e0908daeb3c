import type { OpsProcess, OpsSnapshot } from '@rollcall/roster'

/** Of the users that settled: how many failed, 0 to 1. */
export const errorShareOf = (errors: OpsSnapshot['errors']): number =>
  Math.min(
    1,
    errors.reduce((sum, { share }) => sum + share, 0),
  )

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
