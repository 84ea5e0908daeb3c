import { expect, onTestFinished, test } from 'vitest'
import { type Break, faultNamed, type Result, report, run, SILENT, unseen } from '../../chaos/src/index.ts'

// Short rounds of `npm run chaos`. Nothing is timed here: the machine may be busy.

const PATIENCE = 6

async function round(faults: readonly string[], seed: number, broken?: Break): Promise<Result> {
  const ending = new AbortController()
  onTestFinished(() => ending.abort())
  return run(
    {
      seed,
      minutes: 0.01, // each fault once
      users: 400,
      quick: true,
      patience: broken ? 1 : PATIENCE, // what is broken is not waited for
      faults: faults.map(faultNamed),
      settings: { backendTimeoutMs: 60_000 }, // a worker that is stopped has what it fetched when it goes on, however late
      ...(broken && { break: broken }),
    },
    { progress: SILENT, ended: ending.signal },
  )
}

test('a round of faults, and everything that is promised holds', { timeout: 400_000 }, async ({ annotate }) => {
  const faults = ['kill-worker', 'stop-worker', 'kill-redis', 'lose-redis', 'backend-dead', 'cut-api-redis', 'kill-api']
  const result = await round(faults, 1)
  await annotate(report(result))
  expect(result.violations).toEqual([])
  expect(unseen(result)).toEqual([])
  expect(result.answers).toBeGreaterThan(500)
})

/** A fault has to fall into the right moment: whether it does is up to the machine, so there are some tries. */
const SEEDS = [1, 2, 3, 4]

/** With one guarantee taken out, and the faults that show it. */
test.each([
  ['fence', ['stop-worker'], 'backwards'],
  ['generation', ['kill-worker'], 'fresh'],
  ['outcome', ['backend-garbage'], 'counters'],
  ['epoch', ['lose-redis'], 'epoch'],
  ['sweep', ['cut-api-redis'], 'lost'],
] as const)('without its %s, %s shows that', { timeout: 600_000 }, async (broken, faults, kind) => {
  const found: string[] = []
  for (const seed of SEEDS) {
    if (found.includes(kind)) break
    const { violations } = await round(faults, seed, broken)
    found.push(...violations.map((violation) => violation.kind))
  }
  expect(found).toContain(kind)
})
