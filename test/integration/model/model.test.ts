import { loadScripts } from '@rollcall/runtime'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Laboratory, laboratory, type Protocol } from './laboratory.ts'
import { mutants } from './mutants.ts'
import { scenario } from './scenario.ts'
import { VIOLATION_KINDS, Violation } from './violation.ts'

// The real scripts on a real Redis, the worker's and the api's own code on top of them; a scheduler decides who goes on,
// who crashes, stands still or loses his job, and after each step everything is held against what really happened.

let lab: Laboratory

beforeAll(async () => {
  lab = await laboratory()
})
afterAll(() => lab.close())

/** MODEL_RUNS=100000 for a long look. */
const INTERLEAVINGS = Number(process.env.MODEL_RUNS ?? 1000)
/** Most mutants take fewer than 50. */
const MOST_RUNS = 1000
/** The search for a mutant is the same each time; the search for a mistake of ours is not. */
const SEED = Number(process.env.MODEL_SEED ?? 1)

const asWritten = { scripts: loadScripts(), watched: VIOLATION_KINDS }

describe('G1, G2, G4, G5, G6 and G8 hold in random interleavings', () => {
  test('with all faults', { timeout: 600_000 }, async () => {
    await hold({ ...asWritten, rules: { sweep: true, lostJobs: true, dataLoss: true } }, INTERLEAVINGS)
  })

  test('without the sweep, as long as no job is lost', { timeout: 600_000 }, async () => {
    await hold({ ...asWritten, rules: { sweep: false, lostJobs: false, dataLoss: true } }, INTERLEAVINGS / 2)
  })
})

describe('the model test finds', () => {
  for (const mutant of mutants) {
    test(mutant.name, async () => {
      expect(await firstViolation(mutant)).toBeOneOf([...mutant.watched])
    })
  }
})

async function hold(protocol: Protocol, numRuns: number): Promise<void> {
  await fc.assert(played(protocol), { numRuns })
}

async function firstViolation(protocol: Protocol): Promise<string> {
  const { errorInstance } = await fc.check(played(protocol), { numRuns: MOST_RUNS, seed: SEED, endOnFailure: true })
  if (errorInstance instanceof Violation) return errorInstance.kind
  if (errorInstance) throw errorInstance
  return `nothing in ${MOST_RUNS} runs`
}

const played = (protocol: Protocol) => fc.asyncProperty(scenario, (one) => lab.play(one, protocol))
