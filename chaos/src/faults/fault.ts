import type { Checker } from '../checker.ts'
import type { Load } from '../load.ts'
import type { Random } from '../random.ts'
import type { Scene } from '../scene.ts'
import type { Stored } from '../stored.ts'
import type { Excuses } from '../troubles.ts'

/** What a fault can take hold of. */
export interface Stage {
  readonly scene: Scene
  readonly load: Load
  readonly stored: Stored
  readonly checker: Checker
  readonly random: Random
  readonly now: () => number
  /** How long faults last, to how long they last in a long campaign. */
  readonly pace: number
}

export interface Injection {
  /** For the table and for violations: `kill -9 of worker 2`. */
  readonly what: string
  readonly excuses: Excuses
  /** From the first moment of the fault until it is over: what was killed has been started again. */
  run(): Promise<void>
}

export interface Fault {
  readonly name: string
  /** One line for people. */
  readonly about: string
  /** So soon after it is over every api answers as ever … */
  readonly answersWithinMs: number
  /** … and everybody who had been asked for by then is settled. */
  readonly settlesWithinMs: number
  /** Why it cannot be injected on this machine; null or none: it can. */
  missing?(): Promise<string | null>
  /** Decides by `random` whom it hits. */
  plan(stage: Stage): Injection
}

export const EVERYBODY = (): boolean => true
export const only =
  (one: number) =>
  (other: number): boolean =>
    one === other
